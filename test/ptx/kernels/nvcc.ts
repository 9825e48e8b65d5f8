import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** NVIDIA's compiler, where this machine has one: on the path, or where its installer puts it. */
export function findNvcc(): string | null {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""),
    "/usr/local/cuda/bin",
  ];
  return folders.map((folder) => join(folder, "nvcc")).find((file) => existsSync(file)) ?? null;
}
