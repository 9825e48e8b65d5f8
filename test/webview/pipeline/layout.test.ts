import assert from "node:assert/strict";
import fc from "fast-check";
import { type Graph, layOut, pathOf, stack } from "../../../webview/pipeline/layout.ts";

const SPACING = { nodeWidth: 100, layerGap: 20, nodeGap: 10 };

function graphOf(edges: readonly string[], heights: Readonly<Record<string, number>> = {}): Graph {
  const pairs = edges.map((edge) => edge.split(">") as [string, string]);
  const ids = [...new Set(pairs.flat())];
  return { nodes: ids.map((id) => ({ id, height: heights[id] ?? 40 })), edges: pairs };
}

/** Edges go from lower to higher numbers, so there are no cycles. */
const graphs = fc
  .uniqueArray(
    fc.tuple(fc.nat(9), fc.nat(9)).filter(([a, b]) => a < b),
    { selector: (pair) => pair.join(), maxLength: 20 },
  )
  .map((pairs) => graphOf(["0>1", ...pairs.map((pair) => pair.join(">"))]));

describe("layOut", () => {
  it("puts every node to the right of all that it uses", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { places } = layOut(graph, SPACING);
        for (const [from, to] of graph.edges) {
          assert.ok((places.get(from)?.x ?? NaN) + SPACING.nodeWidth < (places.get(to)?.x ?? NaN));
        }
      }),
    );
  });

  it("lets no two nodes overlap and stays inside its size", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { places, width, height } = layOut(graph, SPACING);
        for (const a of graph.nodes) {
          const at = places.get(a.id) ?? { x: NaN, y: NaN, layer: NaN };
          assert.ok(at.x >= 0 && at.x + SPACING.nodeWidth <= width && at.y >= 0 && at.y + a.height <= height);
          for (const b of graph.nodes) {
            const other = places.get(b.id) ?? at;
            if (a === b || other.layer !== at.layer) continue;
            assert.ok(at.y + a.height + SPACING.nodeGap <= other.y || other.y + b.height + SPACING.nodeGap <= at.y);
          }
        }
      }),
    );
  });

  it("orders a layer so that lines do not cross where they need not", () => {
    const { places } = layOut(graphOf(["a>z", "b>y", "c>x", "r>a", "r>b", "r>c"]), SPACING);
    const y = (id: string): number => places.get(id)?.y ?? NaN;
    assert.ok(Math.sign(y("a") - y("b")) === Math.sign(y("z") - y("y")));
    assert.ok(Math.sign(y("b") - y("c")) === Math.sign(y("y") - y("x")));
  });

  it("leads a long edge past the nodes of the layers between", () => {
    const { routes, places } = layOut(graphOf(["a>b", "b>c", "a>c"]), SPACING);
    const long = routes.find(({ from, to }) => from === "a" && to === "c");
    const b = places.get("b") ?? { x: 0, y: 0 };
    assert.equal(long?.points.length, 4);
    for (const { x, y } of long.points.slice(1, 3)) {
      assert.ok(x >= b.x && x <= b.x + SPACING.nodeWidth);
      assert.ok(y < b.y || y > b.y + 40);
    }
  });

  it("is empty for no nodes", () => {
    const { width, height } = layOut({ nodes: [], edges: [] }, SPACING);
    assert.deepEqual({ width, height }, { width: 0, height: 0 });
  });
});

describe("stack", () => {
  const ROWS = { ...SPACING, perRow: 2 };

  it("puts every node below all that it uses, in rows that fit, without overlaps", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { places, width, height } = stack(graph, ROWS);
        const at = (id: string): { x: number; y: number } => places.get(id) ?? { x: NaN, y: NaN };
        assert.ok(width <= 2 * SPACING.nodeWidth + SPACING.nodeGap);
        for (const [from, to] of graph.edges) assert.ok(at(from).y + 40 < at(to).y);
        for (const { id } of graph.nodes) {
          const { x, y } = at(id);
          assert.ok(x >= 0 && x + SPACING.nodeWidth <= width && y >= 0 && y + 40 <= height);
          const isOver = graph.nodes.some(
            (other) =>
              other.id !== id &&
              Math.abs(at(other.id).x - x) < SPACING.nodeWidth &&
              Math.abs(at(other.id).y - y) < 40 + SPACING.nodeGap,
          );
          assert.ok(!isOver, id);
        }
      }),
    );
  });

  it("leads an edge out of a node's lower end into the other's upper one", () => {
    const { routes, places } = stack(graphOf(["a>b"], { a: 60 }), ROWS);
    const b = places.get("b");
    assert.deepEqual(routes, [
      {
        from: "a",
        to: "b",
        points: [
          { x: 50, y: 60 },
          { x: 50, y: b?.y },
        ],
      },
    ]);
    assert.equal(b?.y, 60 + SPACING.layerGap);
  });
});

describe("pathOf", () => {
  it("falls steeply from a row to the next", () => {
    const points = [
      { x: 5, y: 0 },
      { x: 9, y: 20 },
    ];
    assert.equal(pathOf(points, true), "M5,0C5,10 9,10 9,20");
  });

  it("is level through a layer and curved between two", () => {
    const points = [
      { x: 0, y: 5 },
      { x: 20, y: 9 },
      { x: 40, y: 9 },
    ];
    assert.equal(pathOf(points), "M0,5C10,5 10,9 20,9L40,9");
  });
});
