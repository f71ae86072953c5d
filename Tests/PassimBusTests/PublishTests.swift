import PassimBus
import PassimCore
import PassimTestKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct PublishTests {
    @Test func contentOfAnyDescriptorIsTaken() async throws {
        let fixture = try await Fixture.make()
        for kind in ["file", "pipe", "memfd", "socket", "offset"] {
            let answer = try await fixture.client.run(
                "publish", kind, "content", "{'filename': <'\(kind).bin'>}")
            #expect(answer.error == nil, "\(kind): \(answer.message)")
        }
        let (published, contents) = fixture.object.state.withLock { ($0.published, $0.contents) }
        #expect(
            published.map { "\($0.filename)" }
                == ["file", "pipe", "memfd", "socket", "offset"].map { $0 + ".bin" })
        #expect(
            contents.map { String(decoding: $0, as: UTF8.self) } == Array(repeating: "content", count: 4)
                + ["tent"])
        let first = try #require(published.first)
        #expect(first == PublishRequest(filename: RawName("file.bin"), cmdline: "python3"))
    }

    @Test func attributesAreTakenAndThoseOfTheDaemonOverwritten() async throws {
        let fixture = try await Fixture.make()
        let answer = try await fixture.client.run(
            "publish", "memfd", "",
            """
            {'filename': <'a b'>, 'max-age': <uint32 9>, 'share-limit': <uint32 8>, 'share-count': <uint32 7>, \
            'flags': <uint64 18>, 'cmdline': <'forged'>, 'hash': <'x'>, 'ctime': <int64 1>, 'size': <uint64 5>, \
            'unknown': <[1, 2]>}
            """)
        #expect(answer.error == nil, "\(answer.message)")
        let request = try #require(fixture.object.state.withLock { $0.published.first })
        #expect(
            request
                == PublishRequest(
                    filename: RawName("a b"), cmdline: "python3",
                    lifetime: Lifetime(maxAge: 9, shareLimit: 8), shareCount: 7,
                    flags: [.disabled, .nextReboot]))
    }

    @Test func whatIsNotValidIsInvalidArgs() async throws {
        let fixture = try await Fixture.make()
        for (kind, attributes) in [
            ("file", "{}"), ("file", "{'filename': <''>}"), ("file", "{'filename': <'a/b'>}"),
            ("file", "{'filename': <'a\\nb'>}"), ("file", "{'filename': <'a\\u007f'>}"),
            ("file", "{'filename': <1>}"), ("file", "{'filename': <'a'>, 'max-age': <'1'>}"),
            ("file", "{'filename': <'a'>, 'share-limit': <uint64 1>}"),
            ("file", "{'filename': <'a'>, 'flags': <uint32 1>}"),
            ("file", "{'filename': <'a'>, 'hash': <1>}"),
            ("file", "{'filename': <'a'>, 'share-count': <uint32 5>}"),
            ("file", "{'filename': <'a'>, 'share-count': <uint32 2>, 'share-limit': <uint32 2>}"),
            ("two", "{'filename': <'a'>}"), ("none", "{'filename': <'a'>}"),
        ] {
            let answer = try await fixture.client.run("publish", kind, "content", attributes)
            #expect(answer.error == Fixture.invalidArguments, "\(kind) \(attributes) \(answer)")
        }
        #expect(fixture.object.state.withLock { $0.published.isEmpty })
    }

    @Test func errorsHaveTheNamesThatClientsLookFor() async throws {
        let fixture = try await Fixture.make()
        let codes = ["exists": 2, "large": 35, "full": 12, "slow": 24, "broken": 0]
        for (name, failure) in TestBusObject.failures {
            let answer = try await fixture.client.run(
                "publish", "file", "content", "{'filename': <'\(name)'>}")
            #expect(answer.error == Fixture.inputOutput + "\(codes[name]!)")
            #expect(answer.message == failure.description)
        }
        for (hash, code) in [("static", 15), ("0123", 1)] {
            let answer = try await fixture.client.run(
                "call", "org.freedesktop.Passim", "Unpublish", "('\(hash)',)")
            #expect(answer.error == Fixture.inputOutput + "\(code)")
        }
        let outcome = try await fixture.bus.call("org.freedesktop.Passim.Unpublish", "0123")
        #expect(!outcome.succeeded && outcome.errorText.contains("Code1: "), "\(outcome.errorText)")
    }

    @Test func unpublishAndRescanReachTheObject() async throws {
        let fixture = try await Fixture.make()
        #expect(
            try await fixture.bus.call("org.freedesktop.Passim.Unpublish", TestBusObject.digest.hex).text
                == "()\n")
        #expect(try await fixture.bus.call("org.freedesktop.Passim.Mirror.Rescan").text == "()\n")
        let state = fixture.object.state.withLock { $0 }
        #expect(state.unpublished == [TestBusObject.digest.hex] && state.rescans == 1)
    }

    @Test func filesThatRootHasHashedReachTheObject() async throws {
        let fixture = try await Fixture.make()
        let files = (0..<1000).map { TestBusObject.voucher($0) }
        let address = fixture.bus.address
        try await onOwnThread { try BusClient(address: address).vouch(files) }
        #expect(fixture.object.state.withLock { $0.vouched } == files)
        let mirror = "org.freedesktop.Passim.Mirror"
        let good = "('\(TestBusObject.digest)', 1, 2, 3, 4, 5, 6, 7)"
        for bad in [
            "('12', 1, 2, 3, 4, 5, 6, 7)", "('\(TestBusObject.digest)', 1, 2, 3, 4, 5, 6, 1000000000)",
        ] {
            let outcome = try await fixture.bus.call("\(mirror).Vouch", "[\(good), \(bad)]")
            #expect(outcome.errorText.contains("InvalidArgs"), "\(outcome.errorText)")
        }
        #expect(
            try await fixture.nobody.run("call", mirror, "Vouch", "(@a(stttxuxu) [\(good)],)").error
                == Fixture.inputOutput + "14")
        #expect(fixture.object.state.withLock { $0.vouched } == files)
    }

    /// Before anything else is looked at.
    @Test func onlyRootMayPublish() async throws {
        let fixture = try await Fixture.make()
        let refused = Fixture.inputOutput + "14"
        #expect(try await fixture.nobody.run("publish", "file", "a", "{'filename': <'a'>}").error == refused)
        #expect(try await fixture.nobody.run("publish", "none", "a", "{}").error == refused)
        let passim = "org.freedesktop.Passim"
        #expect(try await fixture.nobody.run("call", passim, "Unpublish", "('12',)").error == refused)
        #expect(try await fixture.nobody.run("call", passim + ".Mirror", "Rescan").error == refused)
        let state = fixture.object.state.withLock { $0 }
        #expect(state.published.isEmpty && state.unpublished.isEmpty && state.rescans == 0)
    }

    @Test func everybodyMayPublishToAnInsecureDaemon() async throws {
        let fixture = try await Fixture.make(insecure: true)
        #expect(try await fixture.nobody.run("publish", "file", "a", "{'filename': <'a'>}").error == nil)
        let hash = TestBusObject.digest.hex
        let passim = "org.freedesktop.Passim"
        #expect(try await fixture.nobody.run("call", passim, "Unpublish", "('\(hash)',)").error == nil)
        #expect(
            try await fixture.nobody.run("call", passim + ".Mirror", "Rescan").error == Fixture.inputOutput
                + "14")
        let state = fixture.object.state.withLock { $0 }
        #expect(state.published.count == 1 && state.unpublished == [hash])
    }

    /// Those that stall have all threads for publishing, and then they are killed in the middle.
    @Test func callersWhoStallBlockNobodyElse() async throws {
        let fixture = try await Fixture.make()
        var stalled: [ChildProcess] = []
        for number in 0..<9 {
            stalled.append(
                try await fixture.client.start("stall", "begun", "{'filename': <'stalled-\(number)'>}"))
        }
        fixture.object.state.withLock { $0.items = [ItemDescription(name: RawName("a"), number: 1)] }
        #expect(try await fixture.client.run("items", "60").lines.count == 1)
        #expect(try await fixture.client.run("properties").lines.count == 6)
        #expect(
            try await fixture.bus.call("org.freedesktop.Passim.Unpublish", TestBusObject.digest.hex).succeeded
        )
        for process in stalled { process.kill(9) }
        // The pipes end with their writers.
        #expect(await becomesTrue { fixture.object.state.withLock { $0.published.count == 9 } })
        #expect(try await fixture.client.run("publish", "file", "a", "{'filename': <'a'>}").error == nil)
    }
}
