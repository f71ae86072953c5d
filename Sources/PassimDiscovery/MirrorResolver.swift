// Finds named mirrors where their names are: in /etc/hosts, or at a name server.

package import PassimCore
internal import PassimSystem

/// libc's resolver, on threads of its own: each name that is being looked for has one, so that a name server that hangs
/// holds up its own names and nobody else's.
package final class MirrorResolver: NameResolver {
    private let calls = CallQueue(name: "resolver", threads: 48, waiting: 64)

    package init() {}

    package func addresses(of name: String) async -> HostAddresses {
        await call(refused: .failed(MirrorResolver.overload)) {
            do throws(SystemResolver.Failure) {
                let addresses = try SystemResolver.addresses(of: name)
                if addresses.isEmpty { return .failed("the name has no address") }
                return MirrorResolver.isOwn(addresses) ? .own : .found(addresses)
            } catch {
                return .failed("\(error)")
            }
        }
    }

    package func targets(of domain: String) async -> ServiceTargets {
        await call(refused: .failed(MirrorResolver.overload)) {
            let name = "_passim._tcp.\(domain)"
            do throws(SystemResolver.Failure) {
                let answer = try SystemResolver.answer(to: name, type: ServiceRecords.type)
                guard let records = answer.withUnsafeBytes({ ServiceRecords(parsing: $0) }) else {
                    return .failed("\(name): the answer of the name server is malformed")
                }
                return .found(records.targets, lifetime: .seconds(Int64(records.lifetime)))
            } catch {
                return .failed("\(name): \(error)")
            }
        }
    }

    private static let overload = "too many names are being looked for"

    private func call<Answer: Sendable>(
        refused: Answer, _ body: @escaping @Sendable () -> Answer
    ) async -> Answer {
        await withCheckedContinuation { continuation in
            if !calls.submit({ continuation.resume(returning: body()) }) {
                continuation.resume(returning: refused)
            }
        }
    }

    /// One file serves all hosts: a name that leads to this machine, by one of its addresses or by /etc/hosts, is its own.
    private static func isOwn(_ addresses: [IPAddress]) -> Bool {
        let own = Set(
            ((try? NetworkInterface.all()) ?? []).flatMap(\.addresses).map {
                IPAddress(high: $0.address.high, low: $0.address.low)
            })
        return addresses.contains { address in
            // The unspecified address leads to this machine, too.
            address.isLoopback || (address.high == 0 && address.low == 0) || address == IPAddress(ipv4: 0)
                || own.contains(IPAddress(high: address.high, low: address.low))
        }
    }
}
