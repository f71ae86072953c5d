internal import PassimCore
internal import PassimSystem

/// Open connections by address.
final class ConnectionCounts: Sendable {
    private let counts = Lock<[IPAddress: Int]>([:])

    /// - Returns: false where `address` has `limit` connections already. Loopback is neither counted nor
    ///   limited: fwupd and the browser of this host share it.
    func admit(_ address: IPAddress, limit: Int) -> Bool {
        if address.isLoopback { return true }
        return counts.withLock { counts in
            let count = counts[address, default: 0]
            if count >= limit { return false }
            counts[address] = count + 1
            return true
        }
    }

    func leave(_ address: IPAddress) {
        if address.isLoopback { return }
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }
}
