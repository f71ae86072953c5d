internal import PassimGLib

extension BusConnection {
    /// Asks the bus for the user number of who calls; on the bus's thread.
    func userOfSender(
        of call: BusInvocation, _ done: @escaping @Sendable (Result<UInt32, CallFailure>) -> Void
    ) {
        ask("GetConnectionUnixUser", about: call, done)
    }

    /// The same for the process number; nil where it cannot be had, from another container say.
    func processOfSender(of call: BusInvocation, _ done: @escaping @Sendable (UInt32?) -> Void) {
        ask("GetConnectionUnixProcessID", about: call) { done(try? $0.get()) }
    }

    private func ask(
        _ question: String, about invocation: BusInvocation,
        _ done: @escaping @Sendable (Result<UInt32, CallFailure>) -> Void
    ) {
        let method = Method(question, of: BusNames.bus, at: BusNames.busPath, destination: BusNames.bus)
        call(method, Variant(tuple: [Variant(invocation.sender)]), answer: "(u)", seconds: 10) { result in
            done(result.map { $0.children[0].uint32! })
        }
    }
}
