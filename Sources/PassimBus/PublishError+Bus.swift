internal import PassimCore

extension PublishError {
    /// The name of the error answer. Stock clients compare those of G_IO_ERROR, which have no names of D-Bus but
    /// what g_dbus_error_encode_gerror() makes of their numbers.
    var busName: String {
        switch self {
        case .invalid: BusNames.invalidArguments
        case .failed: PublishError.inputOutput(0)
        case .notFound: PublishError.inputOutput(1)
        case .exists: PublishError.inputOutput(2)
        case .noSpace: PublishError.inputOutput(12)
        case .notPermitted: PublishError.inputOutput(14)
        case .isStatic: PublishError.inputOutput(15)
        case .timedOut: PublishError.inputOutput(24)
        case .tooLarge: PublishError.inputOutput(35)
        }
    }

    private static func inputOutput(_ code: Int) -> String {
        "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code\(code)"
    }
}
