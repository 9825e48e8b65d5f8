import { CUBLAS_OFF, CUBLAS_VARIABLE } from "../../engine/compute/backends/cuda/cublas/find.ts";
import { descriptorOf } from "../../engine/compute/backends/registry.ts";
import { checkAgainst } from "../../engine/pipeline/selfCheck.ts";
import { type Card, type Place, cardOf } from "./card.ts";
import { type ContractSettings, contract, isLost, messageOf } from "./contract.ts";
import type { Say } from "./lines.ts";
import { SIZES } from "./shapes.ts";
import { type Measured, decode, ppo, productRates, rates, train } from "./work.ts";

/** Work of a process of its own; given as JSON in the only argument. */
export interface PartRequest extends Place, ContractSettings {
  readonly part: string;
  readonly sizes: keyof typeof SIZES;
}

type Work = (card: Card, request: PartRequest, say: Say) => Promise<void>;

/** Titles of the contract's cases whose ops multiply matrices. */
const CASES_WITH_PRODUCTS = "matmul|linear|logprob|fullKl";

/** Work by the first word of a part's name; the rest names a shape. */
const WORK: Readonly<Record<string, Work>> = {
  contract: async (card, request, say) => {
    if (request.part === "contract") return contract(card, request, say);
    // A run on this card takes the library, and so did the suite: what our own kernels would do comes after it.
    if (card.cublas === undefined || request.card === "interpreter") return;
    process.env[CUBLAS_VARIABLE] = CUBLAS_OFF;
    await contract(card, { ...request, cases: request.cases ?? CASES_WITH_PRODUCTS }, say);
  },
  selfCheck: async (card, _, say) => {
    const processor = await descriptorOf("wasm");
    const found = await processor.probe({ threads: 0 });
    if (!found.isAvailable) throw new Error(`${found.reason}; ${found.remedy}`);
    for (const precision of ["f32", "bf16"] as const) {
      const backend = card.open(precision);
      await attempted(`selfCheck in ${precision}`, say, () =>
        checkAgainst(() => processor.open({ threads: 0, roomier: [] }, found.devices[0]), backend),
      );
      await backend.close();
    }
    if (card.cublas === undefined) return;
    const backend = card.open("bf16", card.cublas.file);
    await attempted("selfCheck with cuBLASLt", say, () =>
      checkAgainst(() => processor.open({ threads: 0, roomier: [] }, found.devices[0]), backend),
    );
    await backend.close();
  },
  rates: async (card, { sizes }, say) => {
    const patience = { ...SIZES[sizes], seconds: SIZES[sizes].seconds / 4 };
    const backend = card.open();
    tell("rates", await rates(backend, patience), say);
    await backend.close();
    const { cublas } = card;
    if (cublas === undefined) return;
    say({ kind: "fact", name: "cublas", value: `${cublas.version}, ${cublas.file}` });
    await attempted("rates.cublas", say, async () => {
      const byLibrary = card.open("bf16", cublas.file);
      tell("rates.cublas", await productRates(byLibrary, ["bf16"], patience), say);
      await byLibrary.close();
    });
  },
  train: async (card, request, say) => {
    const shape = shapeOf(request);
    // Of adapters, the weights below are in bf16 anyway.
    for (const precision of shape.lora === undefined ? (["bf16", "f32"] as const) : (["bf16"] as const)) {
      const backend = card.open(precision);
      await attempted(`${request.part}.${precision}`, say, async () => {
        tell(`${request.part}.${precision}`, await train(backend, shape, SIZES[request.sizes]), say);
      });
      await backend.close();
    }
    if (card.cublas === undefined) return;
    const backend = card.open("bf16", card.cublas.file);
    await attempted(`${request.part}.cublas`, say, async () => {
      tell(`${request.part}.cublas`, await train(backend, shape, SIZES[request.sizes]), say);
    });
    await backend.close();
  },
  decode: async (card, request, say) => {
    const { decode: sizes, ...patience } = SIZES[request.sizes];
    for (const batch of sizes.batches) {
      const backend = card.open();
      await attempted(`${request.part}.${batch}`, say, async () => {
        tell(
          `${request.part}.${batch}`,
          await decode(backend, shapeOf(request), { ...patience, ...sizes, batch, seconds: patience.seconds / 2 }),
          say,
        );
      });
      await backend.close();
    }
  },
  ppo: async (card, request, say) => {
    const backend = card.open();
    const { ppo: sizes, ...patience } = SIZES[request.sizes];
    tell(request.part, await ppo(backend, shapeOf(request), { ...patience, ...sizes, repeats: 2 }), say);
    await backend.close();
  },
  startup: async (card, request, say) => {
    const backend = card.open();
    await train(backend, shapeOf(request), { seconds: 0, repeats: 0 });
    // Counted from the start of this process.
    tell(request.part, { seconds: performance.now() / 1000 }, say);
    await backend.close();
  },
};

/** Does a part's work; failures are reported, not thrown. */
export async function runPart(request: PartRequest, say: Say): Promise<void> {
  const [what = ""] = request.part.split(".");
  const work = WORK[what];
  if (work === undefined) throw new TypeError(`gpu: there is no part ${request.part}`);
  await attempted(request.part, say, () => work(cardOf(request), request, say));
}

async function attempted(title: string, say: Say, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    say({ kind: "failure", title, error: messageOf(error) });
    if (isLost(error)) say({ kind: "lost" });
  }
}

function shapeOf({ part, sizes }: PartRequest): (typeof SIZES)["real"]["models"][number] {
  const name = part.slice(part.indexOf(".") + 1);
  const shape = SIZES[sizes].models.find((one) => one.name === name);
  if (shape === undefined) throw new TypeError(`gpu: there is no shape ${name}`);
  return shape;
}

function tell(prefix: string, measured: Measured, say: Say): void {
  for (const [name, value] of Object.entries(measured)) say({ kind: "measure", name: `${prefix}.${name}`, value });
}

if (import.meta.main) {
  const request = JSON.parse(process.argv[2] ?? "{}") as PartRequest;
  await runPart(request, (line) => process.stdout.write(`${JSON.stringify(line)}\n`));
  // Whatever a library has left running.
  process.exit(0);
}
