/** The extension's answer to a request of a page. */
export type PageAnswer =
  | { readonly kind: "response"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly message: string };

/** Requests of a page that the extension has not answered yet, by number. */
export class PageRequests {
  private readonly waiting = new Map<number, PromiseWithResolvers<never>>();
  private next = 0;

  /** Makes a request of the next number. @throws {Error} with the extension's user-facing message. */
  send(post: (id: number) => void): Promise<never> {
    const request = Promise.withResolvers<never>();
    const id = this.next++;
    this.waiting.set(id, request);
    post(id);
    return request.promise;
  }

  take(answer: PageAnswer): void {
    const request = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (answer.kind === "response") request?.resolve(answer.result as never);
    else request?.reject(new Error(answer.message));
  }
}
