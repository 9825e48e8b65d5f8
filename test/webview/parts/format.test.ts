import assert from "node:assert/strict";
import { percent, pValue, short, whole } from "../../../webview/parts/format.ts";

describe("numbers for people", () => {
  it("are percentages with two digits, or a dash where there is none", () => {
    assert.equal(percent(0.57958984375), "57.96");
    assert.equal(percent(null), "–");
  });

  it("are probabilities with four digits, or below what four digits tell", () => {
    assert.equal(pValue(0.0123456), "0.0123");
    assert.equal(pValue(6.27e-18), "<0.0001");
    assert.equal(pValue(undefined), "–");
  });

  it("have digits that suit their size, and a true minus sign", () => {
    const texts = [2.2256, -0.0709, 12.345, 6321.4, -1.2e-7, 0, NaN, null].map(short);
    assert.deepEqual(texts, ["2.23", "−0.071", "12.3", "6321", "−1.2e-7", "0", "–", "–"]);
  });

  it("have thousands apart", () => {
    assert.equal(whole(100_000), "100,000");
  });
});
