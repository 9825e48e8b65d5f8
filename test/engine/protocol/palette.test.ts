import assert from "node:assert/strict";
import fc from "fast-check";
import { FIGURE_THEMES, lookAt } from "../../../engine/figures/index.ts";
import {
  mergedPalettes,
  N_COLORS,
  N_PLACES,
  type PaletteName,
  paletteNames,
  withPlaces,
} from "../../../engine/protocol/palette.ts";

const arms = (...names: readonly string[]): readonly PaletteName[] => names.map((name) => ({ name, isArm: true }));
const others = (...names: readonly string[]): readonly PaletteName[] => names.map((name) => ({ name, isArm: false }));

describe("the places of a palette", () => {
  it("are as many as there are looks, which all differ", () => {
    for (const theme of Object.values(FIGURE_THEMES)) {
      assert.equal(theme.series.length, N_COLORS);
      const looks = Array.from({ length: N_PLACES }, (_, place) => JSON.stringify(lookAt(theme, place)));
      assert.equal(new Set(looks).size, N_PLACES);
    }
  });

  it("go to the arms first, in their order", () => {
    assert.deepEqual(
      { ...withPlaces({}, [...arms("ppo", "salsa"), ...others("sft-1")]) },
      { ppo: 0, salsa: 1, "sft-1": 2 },
    );
  });

  it("stay as arms join, wherever these are named", () => {
    const first = withPlaces({}, [...arms("ppo", "salsa"), ...others("sft-1")]);
    const second = withPlaces(first, [...arms("new", "salsa", "ppo"), ...others("sft-1", "sft-2")]);
    for (const name of ["ppo", "salsa", "sft-1"]) assert.equal(second[name], first[name]);
    assert.equal(withPlaces(second, arms("ppo")), second);
  });

  it("give an arm that joins a colour that no other arm of its run has, and a look that nobody has", () => {
    const run = [...arms("ppo", "salsa", "mkl"), ...others("sft-1", "sft-2", "sft-3", "reward", "base")];
    const joined = withPlaces(withPlaces({}, run), [...run, ...arms("dpo")]);
    const colors = ["ppo", "salsa", "mkl", "dpo"].map((name) => (joined[name] ?? NaN) % N_COLORS);
    assert.equal(new Set(colors).size, 4);
    assert.equal(new Set(Object.values(joined)).size, 9);
  });

  it("tell thirty arms of a run apart, however many were there before", () => {
    const name = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 60 }), fc.uniqueArray(name, { maxLength: 30 }), (before, now) => {
        const known = withPlaces({}, arms(...before.slice(0, 20)));
        const palette = withPlaces(withPlaces(known, arms(...before.slice(20))), arms(...now));
        for (const one of Object.values(palette)) assert.ok(Number.isInteger(one) && one >= 0 && one < N_PLACES);
        const fresh = now.filter((one) => !before.includes(one));
        assert.equal(new Set(fresh.map((one) => palette[one])).size, fresh.length);
      }),
    );
  });

  it("are stored under any name", () => {
    const palette = withPlaces({}, arms("__proto__", "constructor"));
    assert.deepEqual(Object.entries(palette), [
      ["__proto__", 0],
      ["constructor", 1],
    ]);
  });
});

describe("palettes of several roots", () => {
  it("are one, in which the first counts and no look goes to two models", () => {
    const merged = mergedPalettes([
      { ppo: 0, salsa: 1 },
      { salsa: 0, ppo: 1, dpo: 2, mkl: 0 },
      { only: 1, far: 20 },
    ]);
    assert.deepEqual({ ...merged }, { ppo: 0, salsa: 1, dpo: 2, mkl: 3, far: 20, only: 5 });
  });

  it("leave a root that is alone as it is, and name each model of all once", () => {
    const name = fc.string({ maxLength: 6 });
    const palette = fc.dictionary(name, fc.nat(N_PLACES - 1), { maxKeys: 12 });
    fc.assert(
      fc.property(palette, palette, (one, other) => {
        assert.deepEqual(Object.entries(mergedPalettes([one])), Object.entries(one));
        const merged = mergedPalettes([one, other]);
        for (const [name, place] of Object.entries(one)) assert.equal(merged[name], place);
        assert.deepEqual(new Set(Object.keys(merged)), new Set([...Object.keys(one), ...Object.keys(other)]));
        const joined = Object.keys(other).filter((name) => !Object.hasOwn(one, name));
        const looks = new Set(joined.map((name) => merged[name]));
        for (const place of Object.values(one)) assert.ok(!looks.has(place));
      }),
    );
  });
});

describe("paletteNames", () => {
  it("names arms once, before what they are made of, and no benchmark", () => {
    const stage = (kind: string, product: string, more = {}): Parameters<typeof paletteNames>[0][number] => ({
      ...{ kind, product, role: "result", ...more },
    });
    const names = paletteNames([
      stage("sft", "sft-1"),
      stage("rlhf", "ppo", { role: "candidate" }),
      stage("answers", "ppo", { role: "validation", benchmark: "validation" }),
      stage("choice", "ppo"),
      stage("rlhf", "salsa"),
      stage("dpo", "soup-dpo"),
      stage("judgments", "salsa", { benchmark: "b" }),
    ]);
    assert.deepEqual(names, [...arms("ppo", "salsa", "soup-dpo"), ...others("sft-1")]);
  });
});
