internal import Glibc
internal import PassimSystem

extension Program {
    /// Makes this hold for the process, whatever it was started with. Call it before anything else.
    ///
    /// - Standard input, output and error are open, if only on /dev/null: what is opened next must not become them.
    /// - Writing to a pipe that nobody reads any more is an error, and not the end.
    /// - SIGTERM and SIGINT end it with 0 until the services are there to be ended in their order: nothing has begun.
    package static func prepareProcess() {
        openStandardStreams()
        _ = signal(SIGPIPE, SIG_IGN)
        // Until the server runs and takes it for "read again", it must not kill.
        _ = signal(SIGHUP, SIG_IGN)
        // A file that would be longer than a limit of the process is an error (EFBIG), not the end.
        _ = signal(SIGXFSZ, SIG_IGN)
        for number in [SIGTERM, SIGINT] { _ = signal(number) { _ in _exit(0) } }
    }
}
