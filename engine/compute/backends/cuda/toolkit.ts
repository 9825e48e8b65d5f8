import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** NVIDIA's compilers, which only those need who change a kernel. */
export interface Toolkit {
  /** CUDA C++ to PTX. */
  readonly nvcc: string;
  /** PTX to machine code. */
  readonly ptxas: string;
}

/** The toolkit of this machine: that of `CUDA_HOME`, else the first on the path, else /usr/local/cuda's. */
export function findToolkit(): Toolkit | undefined {
  const home = process.env["CUDA_HOME"];
  const path = process.env["PATH"] ?? "";
  const folders = [...(home === undefined ? [] : [join(home, "bin")]), ...path.split(delimiter), "/usr/local/cuda/bin"];
  const folder = folders.find((one) => one !== "" && ["nvcc", "ptxas"].every((name) => isProgram(join(one, name))));
  return folder === undefined ? undefined : { nvcc: join(folder, "nvcc"), ptxas: join(folder, "ptxas") };
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
