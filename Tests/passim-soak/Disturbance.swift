/// What an administrator does, and what happens to the daemons that this one talks to.
enum Disturbance: String, CaseIterable, Sendable {
    case hangUp = "SIGHUP"
    case editDropIn = "drop-in edited"
    case toggleSecond = "drop-in added or removed"
    case breakDropIn = "drop-in broken or mended"
    case restartAvahi = "avahi-daemon restarted"
    case restartNeighboursAvahi = "neighbour's avahi-daemon restarted"
    case restartBus = "bus restarted"
    case renameHost = "host renamed"
    case switchResponder = "responder switched"

    /// Each as often as it is to happen.
    static let weighted: [Disturbance] = allCases.flatMap { disturbance in
        switch disturbance {
        case .hangUp, .toggleSecond: [disturbance, disturbance, disturbance]
        case .editDropIn, .breakDropIn: [disturbance, disturbance]
        case .restartAvahi, .restartNeighboursAvahi, .restartBus, .renameHost, .switchResponder:
            [disturbance]
        }
    }
}
