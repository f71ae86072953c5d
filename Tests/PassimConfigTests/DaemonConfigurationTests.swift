import PassimCore
import PassimGLib
import PassimTestKit
import Testing

@testable import PassimConfig

@Suite struct DaemonConfigurationTests {
    private func read(_ lines: String) throws -> (values: DaemonConfiguration, complaints: [Complaint]) {
        let keyFile = try KeyFile(Array("[daemon]\n\(lines)\n".utf8))
        return DaemonConfiguration.read(keyFile, file: "/etc/passim.conf")
    }

    @Test func everyKeyIsRead() throws {
        let (values, complaints) = try read(
            """
            Port=8443
            IPv6=true
            Path=/srv/published
            MaxItemSize=0
            Cooldown=60
            CarbonCost=0.5
            Listen=192.0.2.1; fe80::1%eth0 ;lan0;
            MaxRate=1000000
            MaxConnections=10
            MaxConnectionsPerAddress=0
            LogClients=subnet
            MetricsAllow=192.0.2.0/24;2001:db8::1
            PageAllow=192.0.2.7; 2001:db8::/32
            Responder=never
            PeerNetworks=203.0.113.0/24; 2001:db8::/32
            Mirror=box:443#sha256//\(String(repeating: "A", count: 43))=; srv:example.com;[2001:db8::1]
            Multicast=false
            """)
        var expected = DaemonConfiguration()
        expected.port = 8443
        expected.ipv6 = true
        expected.path = "/srv/published"
        expected.maxItemSize = 0
        expected.cooldown = 60
        expected.carbonCost = 0.5
        expected.listen = ["192.0.2.1", "fe80::1%eth0", "lan0"]
        expected.maxRate = 1_000_000
        expected.maxConnections = 10
        expected.maxConnectionsPerAddress = 0
        expected.logClients = .subnet
        expected.metricsAllow = [Network("192.0.2.0/24")!, Network("2001:db8::1")!]
        expected.pageAllow = [Network("192.0.2.7")!, Network("2001:db8::/32")!]
        expected.responder = .never
        expected.peerNetworks = [Network("203.0.113.0/24")!, Network("2001:db8::/32")!]
        expected.mirrors = [
            .host(MirrorHost(name: "box", port: 443, pin: "sha256//\(String(repeating: "A", count: 43))=")),
            .service(domain: "example.com"), .host(MirrorHost(name: "2001:db8::1")),
        ]
        expected.multicast = false
        #expect(complaints == [])
        #expect(values == expected)
    }

    @Test func defaultsAreThoseOfTheContract() throws {
        let values = try read("").values
        #expect(values == DaemonConfiguration())
        #expect(values.port == 27500)
        #expect(!values.ipv6)
        #expect(values.path == nil)
        #expect(values.maxItemSize == 104_857_600)
        #expect(values.cooldown == 3600)
        #expect(values.carbonCost == 0.026367)
        #expect(values.listen == [])
        #expect(values.maxRate == 0)
        #expect(values.maxConnections == 0)
        #expect(values.maxConnectionsPerAddress == 256)
        #expect(values.logClients == .full)
        #expect(values.metricsAllow == [])
        #expect(values.pageAllow == [])
        #expect(values.responder == .auto)
        #expect(values.mirrors == [])
        #expect(values.multicast)
    }

    @Test(arguments: [
        "Port=65536", "Port=-1", "Port=", "Port=27500 # the default", "Port=0x10", "Port=1e3", "Port=１２",
        "Port=99999999999999999999999", "Port=80.0", "IPv6=maybe", "IPv6=", "Path=relative/path", "Path=",
        "Path=/x\\q", "MaxItemSize=-1", "MaxItemSize=18446744073709551616", "MaxItemSize=100M",
        "Cooldown=never",
        "Cooldown=2147483648", "CarbonCost=nan", "CarbonCost=inf", "CarbonCost=0x1p3", "CarbonCost=1,5",
        "CarbonCost=", "CarbonCost=1e999", "Listen=192.168.1.300", "Listen=a/b", "Listen=[::1]",
        "Listen=1.2.3.4%eth0",
        "Listen=sixteen-letters-", "MaxRate=-5", "MaxRate=9223372036854775808", "MaxConnections=-1",
        "MaxConnections=many", "MaxConnectionsPerAddress=-1", "MetricsAllow=lan",
        "MetricsAllow=10.0.0.0/33", "PageAllow=*", "PageAllow=true", "Responder=on", "PeerNetworks=anywhere",
        "Mirror=https://box/", "Mirror=box:0", "Mirror=box#sha256//short",
    ])
    func invalidValueIsOneWarningAndTheDefault(line: String) throws {
        let (values, complaints) = try read(line)
        #expect(values == DaemonConfiguration())
        #expect(complaints.count == 1)
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        #expect(complaints.first?.severity == .warning)
        #expect(complaints.first?.file == "/etc/passim.conf")
        #expect(complaints.first?.key == String(parts[0]))
        #expect(complaints.first?.value == String(parts[1]))
    }

    /// A key that guards something is closed if it is not understood.
    @Test(arguments: ["LogClients=Full", "LogClients=", "LogClients=off"])
    func unclearLogClientsWritesNoAddress(line: String) throws {
        let (values, complaints) = try read(line)
        #expect(values.logClients == LogClients.none)
        #expect(complaints.map(\.key) == ["LogClients"])
        #expect(
            complaints.first?.message == "none of: full, subnet, none; using none, to be on the safe side")
    }

    @Test func unclearMetricsAllowLetsNobodyIn() throws {
        let (values, complaints) = try read("MetricsAllow=everybody;192.0.2.1, 192.0.2.2")
        #expect(values.metricsAllow.isEmpty)
        #expect(complaints.count == 2)
        #expect(complaints.allSatisfy { $0.message.contains("lets nobody in; passed over") })
    }

    @Test(arguments: ["PageAllow=everybody;192.0.2.1, 192.0.2.2", "PageAllow=yes;all"])
    func unclearPageAllowLetsNobodyIn(line: String) throws {
        let (values, complaints) = try read(line)
        #expect(values.pageAllow.isEmpty)
        #expect(complaints.map(\.key) == ["PageAllow", "PageAllow"])
        #expect(complaints.allSatisfy { $0.message.contains("lets nobody in; passed over") })
    }

    @Test(arguments: [
        ("true", true), ("TRUE", true), ("1", true), ("yes", true), ("On", true), ("y", true), ("t", true),
        ("false", false), ("False", false), ("0", false), ("no", false), ("OFF", false), ("n", false),
    ])
    func booleansAreThoseOfGLibAndSystemd(text: String, value: Bool) throws {
        let (values, complaints) = try read("IPv6=\(text)")
        #expect(values.ipv6 == value)
        #expect(complaints == [])
    }

    @Test func invalidValueHarmsNoOther() throws {
        let (values, complaints) = try read("Port=nonsense\nMaxRate=5\nCooldown=x\nIPv6=1")
        #expect(values.port == 27500)
        #expect(values.maxRate == 5)
        #expect(values.ipv6)
        #expect(complaints.map(\.key) == ["Port", "Cooldown"])
    }

    @Test func limitsOfTheRangesAreTaken() throws {
        #expect(try read("Port=0").values.port == 0)
        #expect(try read("Port=65535").values.port == 65535)
        #expect(try read("Port=27501   ").values.port == 27501)
        #expect(try read("MaxItemSize=18446744073709551615").values.maxItemSize == .max)
        #expect(try read("Cooldown=-1").values.cooldown == 0)
        #expect(try read("Cooldown=-2147483648").complaints == [])
    }

    @Test func tinyCarbonCostIsTheDefaultWithoutAWord() throws {
        for text in ["0", "0.000009", "-1", "1e-9"] {
            let (values, complaints) = try read("CarbonCost=\(text)")
            #expect(values.carbonCost == 0.026367)
            #expect(complaints == [])
        }
        #expect(try read("CarbonCost=0.00001").values.carbonCost == 0.00001)
    }

    @Test func oneBadEntryOfAListIsPassedOver() throws {
        let (values, complaints) = try read("Listen=eth0;300.1.1.1\nMetricsAllow=x y;10.0.0.0/8")
        #expect(values.listen == ["eth0"])
        #expect(values.metricsAllow == [Network("10.0.0.0/8")!])
        #expect(complaints.map(\.value) == ["300.1.1.1", "x y"])
    }

    @Test func mirrorThatIsWrongOrNamedTwiceIsPassedOver() throws {
        let (values, complaints) = try read("Mirror=a;b:99999;A:27500;srv:x.y#z;c;srv:e.f;SRV:e.f")
        #expect(
            values.mirrors == [
                .host(MirrorHost(name: "a")), .host(MirrorHost(name: "c")), .service(domain: "e.f"),
            ])
        #expect(complaints.map(\.value) == ["b:99999", "A:27500", "srv:x.y#z", "SRV:e.f"])
        #expect(complaints[0].message == "the port is not a number from 1 to 65535; passed over")
        #expect(complaints[1].message == "named twice; the first counts")
    }

    @Test func sixteenMirrorsAreTaken() throws {
        let (values, complaints) = try read("Mirror=" + (1...18).map { "box\($0)" }.joined(separator: ";"))
        #expect(values.mirrors.count == 16)
        #expect(complaints.map(\.value) == ["box17", "box18"])
    }

    /// Who turns it off does not want to be heard.
    @Test func unclearMulticastIsOff() throws {
        let (values, complaints) = try read("Multicast=flase")
        #expect(!values.multicast)
        #expect(complaints.map(\.message) == ["neither true nor false; using false, to be on the safe side"])
    }

    @Test func unknownKeysAndGroupsAreWarnings() throws {
        let keyFile = try KeyFile(Array("[daemon]\nPrt=1\nFoo=2\n[passim]\nPath=/x\n".utf8))
        let (values, complaints) = DaemonConfiguration.read(keyFile, file: "f")
        #expect(values == DaemonConfiguration())
        #expect(complaints.count == 3)
        #expect(complaints[0].message.contains("did you mean Port?"))
        #expect(!complaints[1].message.contains("did you mean"))
        #expect(complaints[2].group == "passim")
    }

    @Test(arguments: ["eth0", "wlp3s0f1", "br-lan", "vlan.10", "::1", "fe80::1%eth0", "0.0.0.0", "::"])
    func isListenable(text: String) {
        #expect(DaemonConfiguration.isListenable(text))
    }

    @Test(arguments: ["", ".", "..", "a b", "a:b", "1.2.3", "12", "::1%", "::g", "eth0\u{7F}", "%eth0/"])
    func isNotListenable(text: String) {
        #expect(!DaemonConfiguration.isListenable(text))
    }

    @Test(arguments: 1...10)
    func numbersAgreeWithASimpleReading(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let characters = Array("0123456789012345678901234567890123456789-+ .xe")
        for _ in 0..<300 {
            let text = String(
                (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                    characters.randomElement(using: &generator)!
                })
            let (values, complaints) = try read("Port=\(text)")
            let expected = ReferenceNumber.port(text)
            #expect(values.port == expected ?? 27500, "\(text)")
            #expect(complaints.isEmpty == (expected != nil), "\(text)")
        }
    }
}

/// Digit by digit, into a number that cannot overflow.
private enum ReferenceNumber {
    static func port(_ written: String) -> UInt16? {
        var rest = Substring(written)
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        let negative = rest.first == "-"
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        if rest.isEmpty { return nil }
        var value = 0.0
        for character in rest {
            guard let digit = "0123456789".firstIndex(of: character) else { return nil }
            value = value * 10 + Double("0123456789".distance(from: "0123456789".startIndex, to: digit))
        }
        if negative, value > 0 { return nil }
        return value <= 65535 ? UInt16(value) : nil
    }
}
