import { NotificationType } from "vscode-jsonrpc/node";
import type { ServiceNotifications } from "../../protocol/service.ts";

/** The service's notifications as vscode-jsonrpc wants them, one typed object each. */
export const SERVICE_NOTIFICATIONS: {
  readonly [N in keyof ServiceNotifications]: NotificationType<ServiceNotifications[N]>;
} = {
  runs: new NotificationType("runs"),
  runEvents: new NotificationType("runEvents"),
  runReset: new NotificationType("runReset"),
  log: new NotificationType("log"),
};
