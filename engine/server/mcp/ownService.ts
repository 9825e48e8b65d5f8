import { PassThrough } from "node:stream";
import { SERVICE_PROTOCOL, type ServiceRequests } from "../../protocol/service.ts";
import { openChannel } from "../channel.ts";
import { serve } from "../service/serve.ts";
import { withToken } from "../withSignal.ts";

/** Bytes of an answer: all samples of a page, each as long as they get. */
const MOST_ANSWER = 2 ** 28;
const MOST_WAITING = 1000;

/** Settings of a service in this process. */
export interface OwnServiceSettings {
  readonly client: string;
  readonly version: string;
  /** False: whatever starts or changes something is refused. */
  readonly isTrusted: boolean;
}

/** The editor's service, in this process, by the same messages and under the same rules. */
export interface OwnService {
  request<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
    signal: AbortSignal,
  ): Promise<ServiceRequests[M]["result"]>;
  close(): void;
}

/** Starts a service and shakes hands with it. */
export async function openService({ client, version, isTrusted }: OwnServiceSettings): Promise<OwnService> {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const ending = new AbortController();
  void serve({ input: there, output: back, version, signal: ending.signal });
  const connection = openChannel({
    ...{ input: back, output: there },
    mostBytes: () => MOST_ANSWER,
    mostWaiting: MOST_WAITING,
    broken: () => ending.abort(),
  });
  connection.listen();
  const request: OwnService["request"] = async (method, params, signal) => {
    signal.throwIfAborted();
    return withToken(signal, (token) => connection.sendRequest(method, params, token));
  };
  await request("initialize", { protocol: SERVICE_PROTOCOL, client, isTrusted }, ending.signal);
  return {
    request,
    close: () => {
      ending.abort();
      connection.dispose();
    },
  };
}
