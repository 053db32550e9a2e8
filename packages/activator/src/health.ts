/** Whether this activator should get requests, as kubelets and ingresses are told. */
export class Health {
  #isTerminating = false
  #isConnected = false
  #detail = 'connection has not yet been established'

  /** The end was asked for. Everything is still served. */
  onTerminating(): void {
    this.#isTerminating = true
  }

  /** The platform's control plane can be reached, or not; `detail` says why not. */
  onConnection(isConnected: boolean, detail: string): void {
    this.#isConnected = isConnected
    if (!isConnected && detail !== '') this.#detail = detail
  }

  /** Whether the platform's control plane can be reached. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  /** Why no requests should come here, in Knative's words; empty when they should. */
  get problem(): string {
    if (this.#isTerminating) return 'received SIGTERM from kubelet'
    return this.#isConnected ? '' : this.#detail
  }
}
