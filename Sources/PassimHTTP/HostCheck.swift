package import PassimCore

/// Decides which Host fields may see the pages for this machine: passim-protocol(7), HTTPS row 2.
///
/// A page of the web can have its name resolve to 127.0.0.1 and then read, from the visitor's browser, what
/// is meant for the visitor (DNS rebinding). It cannot change the Host field, which names the page's host.
package struct HostCheck: Sendable {
    /// In lower case, without a dot at the end.
    private let names: [[UInt8]]

    /// - Parameter hostNames: this host's, in any case; empty ones are passed over.
    package init(hostNames: [String]) {
        names = (["localhost"] + hostNames)
            .map { name in name.utf8.map(ASCII.lowercased) }
            .map { name in name.last == ASCII.dot ? name.dropLast() : name }
            .filter { !$0.isEmpty }
    }

    /// - Parameter host: `name[:port]`; the port does not matter. None is allowed: the parser lets only
    ///   HTTP/1.0 do without, which no browser speaks.
    /// - Parameter own: the address that the client has connected to, which is allowed, too: a browser that was sent
    ///   here under another name says that name.
    package func allows(_ host: UnsafeRawBufferPointer?, at own: IPAddress? = nil) -> Bool {
        guard let host else { return true }
        guard var name = Authority(host)?.host else { return false }
        if name[0] == ASCII.openBracket {
            return IPAddress(text(name.part(1..<name.count - 1))).map { isOurs($0, own) } ?? false
        }
        if name[name.count - 1] == ASCII.dot { name = name.part(0..<name.count - 1) }
        if let address = IPAddress(text(name)) { return isOurs(address, own) }
        return names.contains { known in
            known.count == name.count && zip(known, name).allSatisfy { $0 == ASCII.lowercased($1) }
        }
    }

    /// Whatever interface it is written with.
    private func isOurs(_ address: IPAddress, _ own: IPAddress?) -> Bool {
        address.isLoopback || (address.high == own?.high && address.low == own?.low)
    }

    /// An authority is ASCII.
    private func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
