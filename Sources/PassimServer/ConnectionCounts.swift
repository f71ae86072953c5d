internal import PassimCore

/// Open connections by client.
final class ConnectionCounts: Sendable {
    private let counts = Lock<[ClientAccount: Int]>([:])

    /// - Returns: false where `client` has `limit` connections already. Loopback is neither counted nor limited.
    func admit(_ client: ClientAccount, limit: Int) -> Bool {
        if client == .loopback { return true }
        return counts.withLock { counts in
            let count = counts[client, default: 0]
            if count >= limit { return false }
            counts[client] = count + 1
            return true
        }
    }

    func leave(_ client: ClientAccount) {
        if client == .loopback { return }
        counts.withLock { counts in
            guard let count = counts[client] else { return }
            counts[client] = count > 1 ? count - 1 : nil
        }
    }
}
