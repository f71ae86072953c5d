import PassimGLib
import Testing

@testable import PassimBus

@Suite struct BusErrorTests {
    private func error(_ name: String, isMirror: Bool = true) -> BusError {
        BusError(.remote(name: "org.freedesktop.DBus.Error.\(name)", message: "why"), isMirror: isMirror)
    }

    /// What the bus says if it is to start a unit that is off.
    @Test(arguments: [
        "org.freedesktop.systemd1.NoSuchUnit", "org.freedesktop.systemd1.UnitMasked",
        "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
    ])
    func unitThatIsOffIsNoDaemon(name: String) {
        #expect(BusError(.remote(name: name, message: "why"), isMirror: false) == .noDaemon)
    }

    @Test func errorsOfTheBusAreToldApart() {
        #expect(error("ServiceUnknown") == .noDaemon && error("NameHasNoOwner") == .noDaemon)
        #expect(error("NoReply") == .timedOut)
        #expect(error("AccessDenied") == .accessDenied("why"))
        #expect(error("UnknownMethod") == .noMirrorInterface)
        #expect(
            error("UnknownMethod", isMirror: false)
                == .remote(name: "org.freedesktop.DBus.Error.UnknownMethod", message: "why"))
        #expect(BusError(.disconnected("gone"), isMirror: false) == .noBus("gone"))
        #expect(BusError(.timedOut, isMirror: false) == .timedOut)
    }
}
