import PassimCore

@testable import PassimConfig
@testable import PassimDiscovery
@testable import PassimFetch
@testable import PassimHTTP

extension FuzzTarget {
    /// Texts of peers: a URL, a host, an address, a network, the name of a service.
    static let peerURL = FuzzTarget(
        name: "peer-url",
        sources: [
            "PassimHTTP/Redirect.swift", "PassimHTTP/HostCheck.swift", "PassimHTTP/Authority.swift",
            "PassimCore/IPAddress.swift", "PassimCore/Network.swift", "PassimCore/RawName.swift",
            "PassimCore/MirrorHost.swift", "PassimFetch/PinnedURL.swift",
            "PassimDiscovery/CacheService.swift",
        ],
        words: [
            "https://", "http://", "[", "]", "::1", "fe80::1", "%25", "%25lo", "%25eth0", "127.0.0.1",
            "::ffff:",
            "192.168.1.2", ":27500", ":0", ":65536", ":", "/", "?", "#", "@", "localhost", ".", "..", "/24",
            "srv:", "#sha256//", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "/128", "/129",
            "Passim-1A2B", "%", "%4294967295", "\0", "é", "\u{202E}",
        ],
        rounds: 2000
    ) { (input) throws(Flaw) in
        let text = String(decoding: input, as: UTF8.self)
        try readLocation(text)
        try readAddress(text)
        try readHost(input)
        try readName(input)
        try readMirror(text)
    }

    /// What is named can be put into a URL, and stands there alone.
    private static func readMirror(_ text: String) throws(Flaw) {
        let pinned = PinnedURL(text)
        try check(!pinned.url.utf8.contains(0x23), pinned.url)
        let mirror: NamedMirror
        do throws(NamedMirror.Fault) {
            mirror = try NamedMirror(text)
        } catch {
            return try check(!error.description.isEmpty, "no reason")
        }
        guard case .host(let host) = mirror else {
            return try check(text.lowercased().hasPrefix("srv:"), text)
        }
        try check(host.port > 0, "port 0")
        let bytes = Redirect.location(
            of: .mirror(host), name: RawName("a"), digest: ReferenceConditions.digest)
        let url = String(decoding: bytes, as: UTF8.self)
        try checkEqual(Redirect.authority(ofLocation: url).map { String($0) }, host.authority, "sent there")
        try check(url.utf8.allSatisfy { 0x21...0x7E ~= $0 }, url)
        guard let pin = host.pin else { return }
        try checkEqual(pin.utf8.count, 52, "bytes of a pin")
        try checkEqual(PinnedURL("\(url)#\(pin)").pin, pin, "the pin behind the URL is")
    }

    private static func readLocation(_ text: String) throws(Flaw) {
        let peer = Redirect.peer(ofLocation: text)
        // Zones are names of this machine's interfaces: only the other form is compared.
        if !text.utf8.contains(0x25) { try checkEqual(peer, ReferenceLocation.peer(text), "the peer is") }
        guard let peer else { return }
        let place = Redirect.location(
            of: peer, name: RawName(text), digest: ReferenceConditions.digest)
        try check(place.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x22 }, "\(place)")
        try checkEqual(Redirect.peer(ofLocation: String(decoding: place, as: UTF8.self)), peer, "sent there")
        try check(peer.authority.utf8.allSatisfy { 0x21...0x7E ~= $0 }, peer.authority)
    }

    private static func readAddress(_ text: String) throws(Flaw) {
        if let address = IPAddress(text) {
            try checkEqual(IPAddress(address.description), address, "written and read")
            try check(Network(address, prefixLength: 128).contains(address), "not in its own network")
        }
        if let network = Network(text) {
            try check(network.contains(network.first), "\(network) has not its first address")
            try checkEqual(Network(network.description), network, "written and read")
        }
        if DaemonConfiguration.isListenable(text) {
            try check((1...62).contains(text.utf8.count) && !text.utf8.contains { $0 <= 0x20 }, text)
        }
    }

    private static func readHost(_ input: [UInt8]) throws(Flaw) {
        let hosts = HostCheck(hostNames: ["MyBox"])
        let isAllowed = withExactly(input) { hosts.allows($0) }
        guard let authority = withExactly(input, { Authority($0).map { Array($0.host) } }) else {
            return try check(!isAllowed, "a host that is none is allowed")
        }
        // Whatever is allowed is one of few, in any case.
        var host = String(decoding: authority, as: UTF8.self).lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        let address = IPAddress(host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host)
        let isOurs = ["localhost", "mybox"].contains(host) || address?.isLoopback ?? false
        try checkEqual(isAllowed, isOurs, "allowed")
    }

    /// What a machine calls itself is a name of the DNS, or not used.
    private static func readName(_ input: [UInt8]) throws(Flaw) {
        let shown = RawName(bytes: input).description
        try check(!shown.unicodeScalars.contains { $0.properties.generalCategory == .control }, shown)
        try check(shown.utf8.count <= 4 * input.count, "\(shown.utf8.count) bytes for \(input.count)")
        let text = String(decoding: input, as: UTF8.self)
        if text.isEmpty { return }
        let domain = String(text.prefix { $0 != "/" }.prefix(100))
        let pointer = CacheService.pointer(to: String(text.prefix(40)), domain: domain)
        var place = 0
        while place < pointer.count, pointer[place] != 0 {
            try check(pointer[place] <= 63, "a label of \(pointer[place]) bytes")
            place += 1 + Int(pointer[place])
        }
        try checkEqual(place, pointer.count - 1, "the end of the name")
    }
}
