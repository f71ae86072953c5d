import PassimCore
import PassimTestKit
import Testing

@testable import PassimGLib

@Suite(.serialized, .timeLimit(.minutes(10))) struct BusConnectionTests {
    private func names(on bus: SystemBus) async throws -> Set<Substring> {
        let outcome = try await bus.busctl("list", "--unique", "--no-legend")
        return Set(outcome.text.split(separator: "\n").compactMap { $0.split(separator: " ").first })
    }

    private func method(_ name: String) -> BusConnection.Method {
        BusConnection.Method(
            name, of: "org.freedesktop.DBus", at: "/org/freedesktop/DBus", destination: "org.freedesktop.DBus"
        )
    }

    @Test func connectionEndsWithTheLastReference() async throws {
        let bus = try await onOwnThread { try SystemBus(.everything) }
        let name = try await onOwnThread { () -> String in
            let connection = try BusConnection(address: bus.address, seconds: 60)
            let names = try connection.call(method("ListNames"), answer: "(as)", seconds: 60)
            return try #require(names.children[0].children.last?.string)
        }
        #expect(name.hasPrefix(":"))
        #expect(try await becomesTrue { try await !names(on: bus).contains(Substring(name)) })
    }

    @Test func failuresAreToldApart() async throws {
        let bus = try await onOwnThread { try SystemBus(.everything) }
        let connection = try await onOwnThread { try BusConnection(address: bus.address, seconds: 60) }
        func failure(_ name: String, _ parameters: Variant? = nil, answer: StaticString = "()") async throws
            -> CallFailure?
        {
            let method = method(name)
            return try await onOwnThread {
                do throws(CallFailure) {
                    _ = try connection.call(method, parameters, answer: answer, seconds: 60)
                    return nil
                } catch {
                    return error
                }
            }
        }
        let unknown = try await failure("Nothing")
        guard case .remote(let name, let message) = unknown else {
            Issue.record("\(String(describing: unknown))")
            return
        }
        #expect(name == "org.freedesktop.DBus.Error.UnknownMethod" && !message.contains("GDBus"))
        // An answer of another type.
        guard case .failed = try await failure("GetId") else {
            Issue.record("GetId")
            return
        }
        #expect(try await failure("GetId", answer: "(s)") == nil)
        bus.hang()
        let hung = try await onOwnThread { () -> CallFailure? in
            do throws(CallFailure) {
                _ = try connection.call(method("GetId"), answer: "(s)", seconds: 0.01)
                return nil
            } catch {
                return error
            }
        }
        #expect(hung == .timedOut)
        let refused = try await onOwnThread { () -> CallFailure? in
            do throws(CallFailure) {
                _ = try BusConnection(address: bus.address, seconds: 0.1)
                return nil
            } catch {
                return error
            }
        }
        #expect(refused == .timedOut)
        bus.goOn()
        try await onOwnThread { try bus.stop() }
        guard case .disconnected = try await failure("GetId") else {
            Issue.record("GetId of a bus that is gone")
            return
        }
    }

    /// Though the connection lives longer than its loop.
    @Test func whatIsWithdrawnIsFreedBeforeTheLoopEnds() async throws {
        final class Token: Sendable {}
        let bus = try await onOwnThread { try SystemBus(.everything) }
        let description = try InterfaceDescription(
            xml: "<node><interface name='a.b'><method name='Forget'/></interface></node>")
        try await onOwnThread {
            let loop = MainLoop(name: "loop")
            let connection = try BusConnection(address: bus.address, seconds: 60)
            let tokens = Lock<[@Sendable () -> Token?]>([])
            loop.perform {
                let exported = Token()
                let subscribed = Token()
                try? connection.export("a.b", of: description, at: "/") { _ in
                    withExtendedLifetime(exported) {}
                }
                connection.subscribe(to: "C", of: "a.b", from: "org.freedesktop.DBus") { _ in
                    withExtendedLifetime(subscribed) {}
                }
                tokens.withLock { $0 = [exported, subscribed].map { token in { [weak token] in token } } }
            }
            loop.perform {
                let held = tokens.withLock { $0.filter { $0() != nil }.count }
                #expect(held == 2)
                connection.withdraw()
            }
            loop.stop()
            let left = tokens.withLock { $0.filter { $0() != nil }.count }
            #expect(left == 0)
            withExtendedLifetime(connection) {}
        }
    }

    @Test func callThatNobodyAnswersHasAnError() async throws {
        let bus = try await onOwnThread { try SystemBus(.everything) }
        let loop = MainLoop(name: "loop")
        let held = Monitor<BusConnection?>(nil)
        let description = try InterfaceDescription(
            xml: "<node><interface name='a.b'><method name='Forget'/></interface></node>")
        let address = bus.address
        loop.perform {
            BusConnection.open(address: address, seconds: 60, on: loop) { result in
                guard case .success(let connection) = result else { return }
                try? connection.export("a.b", of: description, at: "/") { _ in }
                connection.call(
                    BusConnection.Method(
                        "RequestName", of: "org.freedesktop.DBus", at: "/org/freedesktop/DBus",
                        destination: "org.freedesktop.DBus"),
                    Variant(tuple: [Variant("a.b"), Variant(UInt32(0))]), answer: "(u)", seconds: 60
                ) { _ in held.withLock { $0 = connection } }
            }
        }
        #expect(await becomesTrue { held.withLock { $0 != nil } })
        let outcome = try await bus.busctl("call", "a.b", "/", "a.b", "Forget")
        #expect(!outcome.succeeded && outcome.errorText.contains("nobody answered"), "\(outcome.errorText)")
        held.withLock { $0 = nil }
        try await onOwnThread { loop.stop() }
    }

    @Test func descriptionThatIsNoXMLIsAnError() {
        #expect(throws: CallFailure.self) { try InterfaceDescription(xml: "<node>") }
    }
}
