/** What the service's client takes of vscode-jsonrpc, as an ES module: alone, those can be bundled as a file of their own. */
export { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
