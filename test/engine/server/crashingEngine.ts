/** The engine, which crashes when it is sent SIGUSR2. */
process.on("SIGUSR2", () => {
  throw new RangeError("the ceiling fell", { cause: new Error("rain") });
});
await import("../../../engine/server/main.ts");
