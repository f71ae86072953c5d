// Key and certificate: an administrator's (Certificate= and Key=), or our own, which are made where there are none.

internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimServer
internal import PassimSystem

/// The files of an administrator's certificate as they were read last.
struct CertificateState {
    var location: ServerIdentity.Location?
    var files: [FileIdentity?] = []
}

extension Daemon {
    /// Seconds between two looks at an administrator's files: stat(2) of both.
    static let certificateInterval = 15

    /// - Throws: where those of the administrator cannot be used.
    func tlsContext() throws(CryptoError) -> TLSContext {
        let (identity, events) = try loadIdentity()
        let context = try TLSContext(serving: identity)
        for event in events { logger.log(level: event.isWarning ? .warning : .notice, "\(event)") }
        self.identity.withLock { $0 = identity }
        troubles.replace(.certificate, with: events.compactMap { trouble(of: $0) })
        return context
    }

    /// The file of the certificate that is used, or would be: an administrator's or our own.
    var certificatePath: String {
        certificate.withLock { $0.location?.certificatePath } ?? paths.certificate
    }

    /// The trouble that an event of loading leaves; the end of a certificate is looked at all the time.
    private func trouble(of event: ServerIdentity.Event) -> Trouble? {
        switch event {
        case .keyMade, .certificateMade, .outdated, .expired, .setAside: return nil
        case .inMemoryOnly, .tooOpen, .notYetValid:
            let (path, command) =
                if case .tooOpen(let path, _) = event {
                    (path, ShellWord.command("chmod 600", path))
                } else {
                    (paths.certificate, ShellWord.command("ls -ld", paths.stateDirectory))
                }
            return Trouble(
                .warning, .certificate, subject: path, "the key or certificate needs attention",
                why: "\(event)",
                command: command)
        }
    }

    /// The pair of before goes on: until somebody does something, the next start may fail.
    func keepIdentity(_ error: CryptoError) {
        logger.error("the key and certificate of before stay in use: \(error)")
        troubles.replace(
            .certificate,
            with: [
                Trouble(
                    .error, .certificate, subject: certificatePath,
                    "the new key and certificate cannot be used, and those of before stay in use",
                    why: "\(error)",
                    command: "mend them, then: systemctl reload passim")
            ])
    }

    private func loadIdentity() throws(CryptoError) -> (ServerIdentity, [ServerIdentity.Event]) {
        let configuration = settings.withLock { $0 }
        guard let location = try configuration.certificateLocation() else {
            certificate.withLock { $0.location = nil }
            return try ServerIdentity.load(
                from: .init(keyPath: paths.secretKey, certificatePath: paths.certificate), hostName: hostName,
                now: wallClock())
        }
        // Before they are read: a change that comes meanwhile is seen at the next look.
        let files = location.state
        certificate.withLock { state in
            state.location = location
            state.files = files
        }
        return try ServerIdentity.load(ofAdministrator: location, now: wallClock())
    }

    /// Reads key and certificate again; those of before stay in use where they cannot be used.
    ///
    /// One thread at a time, and another waits: else what was read first could be taken over last, and of two pairs that
    /// are made the key of one could stay beside the certificate of the other.
    ///
    /// - Parameter isWanted: asked when it is this thread's turn.
    func replaceCertificate(_ server: Server, if isWanted: () -> Bool = { true }) {
        let isReplaced = certificateTurn.withLock { _ in
            guard isWanted() else { return false }
            do throws(CryptoError) {
                server.replace(tls: try tlsContext())
            } catch {
                keepIdentity(error)
            }
            return true
        }
        if isReplaced { tellBus() }
    }

    /// Makes a certificate of our own anew where it is not valid any more, or not yet after the clock was set.
    func renewCertificate(_ server: Server) {
        replaceCertificate(server) { identity.withLock { $0 }?.isOutdated(at: wallClock()) == true }
    }

    /// True if an administrator's files differ from those read last, even if those could not be used.
    var hasCertificateChanged: Bool {
        let state = certificate.withLock { $0 }
        guard let location = state.location else { return false }
        return location.state != state.files
    }

}

extension DaemonConfiguration {
    /// - Throws: where only one of the two is there, or one is no absolute path.
    func certificateLocation() throws(CryptoError) -> ServerIdentity.Location? {
        if certificate == nil, key == nil { return nil }
        func failure(_ reason: String) -> CryptoError {
            CryptoError(doing: "using Certificate= and Key= of passim.conf", reasons: [reason])
        }
        guard let certificate else { throw failure("there is no Certificate=") }
        guard let key else { throw failure("there is no Key=") }
        for path in [certificate, key] where !path.utf8.starts(with: "/".utf8) {
            throw failure("\(RawName(path)) is not an absolute path")
        }
        return ServerIdentity.Location(keyPath: key, certificatePath: certificate)
    }
}
