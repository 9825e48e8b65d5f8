/** The parts of vscode-jsonrpc that the client uses, as an ES module, so that they can be bundled separately. */
export { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
