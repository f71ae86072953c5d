import PassimConfig
import Testing

@Suite struct PathsTests {
    @Test func withoutEnvironmentTheyAreTheSystems() {
        let paths = Paths(environment: [:])
        #expect(paths.passimConf == "/etc/passim.conf")
        #expect(paths.dropInDirectory == "/etc/passim.d")
        #expect(paths.publishedItems == "/var/lib/passim/data")
        #expect(paths.secretKey == "/var/lib/passim/secret.key")
        #expect(paths.certificate == "/var/lib/passim/cert.pem")
        #expect(paths.totals == "/var/lib/passim/totals")
        #expect(paths.shareCounts == "/var/lib/passim/share-counts")
        #expect(paths.auditLog == "/var/log/passim/audit.log")
        #expect(paths.checksumDirectory == "/var/cache/passim")
    }

    @Test func environmentMovesThem() {
        let paths = Paths(environment: ["SYSCONFDIR": "/x/etc//", "LOCALSTATEDIR": ".run/var"])
        #expect(paths.passimConf == "/x/etc/passim.conf")
        #expect(paths.stateDirectory == ".run/var/lib/passim")
    }

    @Test func emptyVariableIsAsIfNotSet() {
        let paths = Paths(environment: ["SYSCONFDIR": "", "LOCALSTATEDIR": ""])
        #expect(paths == Paths(environment: [:]))
    }
}
