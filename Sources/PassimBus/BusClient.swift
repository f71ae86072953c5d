package import PassimCore
internal import PassimGLib
package import PassimSystem

/// Calls of the daemon, for the command. Each blocks for its time limit at most.
package final class BusClient: Sendable {
    private let connection: BusConnection
    private let seconds: Double

    /// Connects to the system bus ($DBUS_SYSTEM_BUS_ADDRESS, or its standard address).
    ///
    /// - Parameters:
    ///   - address: of another bus.
    ///   - seconds: of each call, Publish excepted; by default D-Bus's own time limit.
    /// - Throws: `.noBus`.
    package init(address: String? = nil, seconds: Double = 25) throws(BusError) {
        self.seconds = seconds
        do throws(CallFailure) {
            connection = try BusConnection(address: address, seconds: 10)
        } catch {
            throw .noBus(error.description)
        }
    }

    /// The properties of both interfaces; `mirror` is nil if the daemon is an older one.
    package func properties() throws(BusError) -> BusProperties {
        let passim = try all(of: BusNames.passim)
        do throws(BusError) {
            return BusProperties(passim, mirror: try all(of: BusNames.mirror))
        } catch {
            // GDBus's answer for an interface that is not there is InvalidArgs.
            switch error {
            case .noMirrorInterface, .accessDenied, .remote: return BusProperties(passim, mirror: nil)
            case .noBus, .noDaemon, .timedOut: throw error
            }
        }
    }

    private func all(of interface: String) throws(BusError) -> Variant {
        let answer = try call(
            "GetAll", of: BusNames.properties, Variant(tuple: [Variant(interface)]), answer: "(a{sv})")
        return answer.children[0]
    }

    /// Everything, as far as it fits into one message: see `items(offset:limit:filter:)`.
    package func items() throws(BusError) -> [ItemDescription] {
        let answer = try call("GetItems", of: BusNames.passim, answer: "(aa{sv})")
        return answer.children[0].compactMapChildren { ItemDescription($0) }
    }

    /// A part of the listing. Of an older daemon, or where the bus's policy is an older one, it is cut from what
    /// GetItems gives.
    ///
    /// - Parameter filter: part of a name or the beginning of a digest; empty: all.
    package func items(
        offset: UInt64, limit: UInt32, filter: String
    ) throws(BusError) -> (items: [ItemDescription], total: UInt64) {
        let answer: Variant
        do throws(BusError) {
            answer = try call(
                "ListItems", of: BusNames.mirror,
                Variant(tuple: [Variant(offset), Variant(limit), Variant(filter)]), answer: "(aa{sv}t)")
        } catch {
            switch error {
            case .noMirrorInterface, .accessDenied:
                return try items().page(offset: offset, limit: limit, filter: filter)
            case .noBus, .noDaemon, .timedOut, .remote: throw error
            }
        }
        let members = answer.children
        return (members[0].compactMapChildren { ItemDescription($0) }, members[1].uint64 ?? 0)
    }

    /// Waits until the daemon has all of it.
    ///
    /// - Parameter content: read from its offset to its end.
    package func publish(_ request: PublishRequest, content: borrowing Descriptor) throws(BusError) {
        let number = content.lend { $0 }
        let parameters = Variant(tuple: [Variant(handle: 0), request.dictionary])
        _ = try call(
            "Publish", of: BusNames.passim, parameters, answer: "()", descriptors: [number], within: nil)
    }

    package func unpublish(_ hash: String) throws(BusError) {
        _ = try call("Unpublish", of: BusNames.passim, Variant(tuple: [Variant(hash)]), answer: "()")
    }

    package func rescan() throws(BusError) {
        _ = try call("Rescan", of: BusNames.mirror, answer: "()")
    }

    /// Tells the daemon what has been hashed, so that it need not read those files; for root. A daemon that does not
    /// run is not started.
    package func vouch(_ files: [Voucher]) throws(BusError) {
        var rest = files[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Voucher.mostInACall)
            rest = rest.dropFirst(piece.count)
            _ = try call(
                "Vouch", of: BusNames.mirror, Variant(tuple: [Voucher.array(piece)]), answer: "()",
                descriptors: [], within: seconds, activating: false)
        }
    }

    /// - Returns: URLs of the file at peers, best first.
    package func findPeers(_ digest: Digest) throws(BusError) -> [String] {
        let answer = try call(
            "FindPeers", of: BusNames.mirror, Variant(tuple: [Variant(digest.hex)]), answer: "(as)")
        return answer.children[0].compactMapChildren { $0.string }
    }

    /// A peer served wrong bytes.
    package func reportPeer(_ url: String, _ digest: Digest) throws(BusError) {
        let parameters = Variant(tuple: [Variant(url), Variant(digest.hex)])
        _ = try call("ReportPeer", of: BusNames.mirror, parameters, answer: "()")
    }

    private func call(
        _ method: String, of interface: String, _ parameters: Variant? = nil, answer: StaticString
    ) throws(BusError) -> Variant {
        try call(method, of: interface, parameters, answer: answer, descriptors: [], within: seconds)
    }

    private func call(
        _ method: String, of interface: String, _ parameters: Variant?, answer: StaticString,
        descriptors: [Int32], within seconds: Double?, activating: Bool = true
    ) throws(BusError) -> Variant {
        let method = BusConnection.Method(
            method, of: interface, at: BusNames.path, destination: BusNames.service)
        do throws(CallFailure) {
            return try connection.call(
                method, parameters, answer: answer, descriptors: descriptors, seconds: seconds,
                activating: activating)
        } catch {
            throw BusError(error, isMirror: interface == BusNames.mirror)
        }
    }
}
