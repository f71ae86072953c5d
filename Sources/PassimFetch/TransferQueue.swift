/// Transfers that wait for their turn, first come first served.
struct TransferQueue {
    private var transfers: [any Transfer] = []
    /// The first element that is left; those before it are gone.
    private var first = 0
    /// No transfer's time is up before; of `monotonicNanoseconds()`.
    private(set) var nextExpiry: UInt64?

    private let capacity: Int

    /// At most so often are those looked for whose time is up: each look is at all of them.
    private static let expiryStep: UInt64 = 5_000_000

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { transfers.count - first }

    /// - Returns: false where it is full.
    mutating func append(_ transfer: any Transfer) -> Bool {
        guard count < capacity else { return false }
        transfers.append(transfer)
        let expiry = transfer.deadline &+ TransferQueue.expiryStep
        nextExpiry = min(nextExpiry ?? .max, expiry)
        return true
    }

    /// Takes the next one that somebody still waits for.
    mutating func next() -> (any Transfer)? {
        while first < transfers.count {
            let transfer = transfers[first]
            first += 1
            if !transfer.isOver {
                if first > 1024, first > transfers.count / 2 { compact() }
                return transfer
            }
        }
        compact()
        nextExpiry = nil
        return nil
    }

    /// Takes those whose time is up; those that nobody waits for go with them.
    mutating func takeExpired(now: UInt64) -> [any Transfer] {
        guard let nextExpiry, nextExpiry <= now else { return [] }
        compact()
        let expired = transfers.filter { $0.deadline <= now && !$0.isOver }
        transfers.removeAll { $0.deadline <= now || $0.isOver }
        self.nextExpiry = transfers.map(\.deadline).min().map { $0 &+ TransferQueue.expiryStep }
        return expired
    }

    mutating func takeAll() -> [any Transfer] {
        compact()
        defer { transfers = [] }
        nextExpiry = nil
        return transfers
    }

    private mutating func compact() {
        transfers.removeFirst(first)
        first = 0
    }
}
