import * as layout from "./layout.ts";
import type { Machine, Ready } from "./machine.ts";
import type { Step } from "./steps.ts";
import type { Together } from "./together.ts";
import { choose, count, diverge, lowest, move, type Warp } from "./warp.ts";

/** Runs a warp until all its lanes have ended or wait for the block. */
export function runWarp(machine: Machine, ready: Ready, warp: Warp): void {
  const plan = ready.kernel.steps;
  while (choose(warp)) {
    const step = plan[warp.at];
    const run = ready.steps[warp.at];
    if (step === undefined || run === undefined) {
      // Beyond the last instruction.
      warp.live &= ~warp.mask;
      continue;
    }
    const taken = (step.to - step.from) * count(warp.mask);
    machine.instructions += taken;
    machine.left -= taken;
    if (machine.left < 0) machine.fail("endless", "more instructions than a launch may have", warp.first, step.from);
    if (typeof run === "function")
      follow(machine, step, plan.length, warp, run(warp.frame, warp.mask, warp.first, warp.base));
    else if (!takeTogether(machine, ready, step, run, warp)) return;
  }
  if (warp.live !== 0) stuck(machine, ready, warp);
}

/** Sends the lanes that took a step where it leads; `taken` are those that branch or exit. */
function follow(machine: Machine, { end }: Step, last: number, warp: Warp, taken: number): void {
  const { at, mask } = warp;
  switch (end.kind) {
    case "next":
      move(warp, mask, at + 1);
      return;
    case "jump":
      move(warp, mask, end.target);
      return;
    case "branch":
      if (taken === mask) move(warp, mask, end.target);
      else if (taken === 0) move(warp, mask, at + 1);
      else {
        diverge(warp);
        move(warp, taken, end.target);
        move(warp, mask & ~taken, at + 1);
      }
      return;
    case "exit":
      warp.live &= ~taken;
      move(warp, mask & ~taken, at + 1);
      return;
    case "table":
      diverge(warp);
      for (let rest = mask; rest !== 0; rest &= rest - 1) {
        const lane = lowest(rest);
        warp.steps[lane] = end.targets[machine.memory.words[layout.TARGETS / 4 + lane]!] ?? last;
      }
  }
}

/** Takes an instruction of several lanes, once all that it waits for are there; returns false where it waits for the block. */
function takeTogether(machine: Machine, { kernel }: Ready, { from }: Step, run: Together, warp: Warp): boolean {
  const { at, mask } = warp;
  const taking = guarded(machine, kernel, from, warp);
  if (taking !== 0) {
    if (run.barrier === "block" && warp.converged && taking === mask) return false;
    const lanes = { frame: warp.frame, first: warp.first, mask: taking, live: warp.live };
    const missing = run.waitsFor(lanes, lowest(taking)) & warp.live & ~taking;
    if (run.barrier === "block" || missing !== 0) {
      diverge(warp);
      warp.parked |= mask;
      return true;
    }
    run.run(lanes);
    if (run.barrier === "warp" && taking === warp.live) {
      // All its lanes have met: what they did before comes before what they do now.
      warp.start = machine.nextInterval();
      warp.first = warp.start | (warp.number * 32);
      machine.context("warpStart", warp.start);
    }
  }
  warp.parked &= ~mask;
  move(warp, mask, at + 1);
  return true;
}

/** Lanes whose predicate lets them take an instruction. */
function guarded({ memory }: Machine, kernel: Ready["kernel"], at: number, { frame, mask }: Warp): number {
  const predicate = kernel.body[at]?.predicate ?? null;
  if (predicate === null) return mask;
  const word = (frame + kernel.slots.get(predicate.register)!.offset) / 4;
  let taking = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    const lane = lowest(rest);
    if ((memory.words[word + lane] !== 0) !== predicate.negated) taking |= 1 << lane;
  }
  return taking;
}

/** No lane can go on: all wait for lanes that will not come. */
function stuck(machine: Machine, { kernel, steps }: Ready, warp: Warp): void {
  const lane = lowest(warp.live);
  const at = warp.steps[lane]!;
  const run = steps[at];
  const pc = kernel.steps[at]?.from ?? 0;
  const waitsForBlock = typeof run === "object" && run.barrier === "block";
  if (waitsForBlock) {
    const detail = `lanes of warp ${warp.number} wait at different places`;
    machine.fail("divergent barrier", detail, warp.first + lane, pc);
  }
  machine.fail("inactive lane", "waits for lanes of its warp that do not come", warp.first + lane, pc);
}
