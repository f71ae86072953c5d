import PassimCore
import PassimCrypto
import PassimHTTP
import PassimIndex
import PassimTestKit
import Testing

@testable import PassimServer

/// passim-protocol(7), SHARES.
@Suite struct SharesTests {
    @Test func wholeFilesAndPartsCountByTheirBytes() async throws {
        try await withServer { test in
            let digest = try test.add("a file", [1, 2, 3])
            let client = try test.client()
            let ranges = ["", "Range: bytes=0-1\r\n", "Range: bytes=1-\r\n", "Range: bytes=0-0,2-2\r\n"]
            for fields in ranges {
                try client.get(digest, fields)
                _ = try client.answer()
            }
            // The last byte has been read, and may be counted only just now.
            #expect(await becomesTrue { test.shares.completed.count == 4 })
            #expect(test.shares.completed.map(\.reserved) == [3, 2, 2, 3])
            #expect(test.shares.completed.map(\.sent) == [3, 2, 2, 3])
            for share in test.shares.completed {
                #expect(share.entry.digest == digest && share.filename == RawName("a file"))
                #expect(share.address == IPAddress(ipv4: 0x7F00_0001))
            }
        }
    }

    @Test func emptyFileIsAShareToo() async throws {
        try await withServer { test in
            let digest = try test.add("nothing", [])
            #expect(try test.fetch(digest).status == 200)
            #expect(await becomesTrue { test.shares.completed.map(\.sent) == [0] })
            #expect(test.shares.completed.map(\.weight) == [1])
        }
    }

    @Test func nothingElseCounts() async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            let client = try test.client()
            for fields in ["If-None-Match: *\r\n", "Range: bytes=9-\r\n"] {
                try client.get(digest, fields)
                _ = try client.answer()
            }
            try client.tls.send(HTTPClient.request(digest, method: "HEAD"))
            #expect(try client.answer(isHead: true).status == 200)
            try client.get(Digest(of: "nobody's"))
            #expect(try client.answer().status == 404)
            try client.get(digest)
            #expect(try client.answer().status == 200)
            #expect(await becomesTrue { test.shares.completed.count == 1 })
            #expect(test.shares.cutOff.isEmpty && test.shares.running == 0)
        }
    }

    /// Neither more than the client had, nor much less: what it has not read is in its kernel's buffers.
    @Test func whatIsCutOffCountsAsFarAsItReachedTheClient() async throws {
        try await withServer { test in
            let size = 64 << 20
            let digest = try test.addSparse("big", size: UInt64(size))
            for had in [0, 1, 1 << 20, 8 << 20] {
                let before = test.shares.cutOff.count
                var client: HTTPClient? = try test.client { $0.receiveBuffer = 16384 }
                try client!.get(digest)
                #expect(try client!.head().status == 200)
                _ = try client!.bytes(had)
                client!.tls.resetWhenDone()
                client = nil
                #expect(await becomesTrue { test.shares.cutOff.count == before + 1 })
                let sent = try #require(test.shares.cutOff.last?.sent)
                #expect(sent <= UInt64(had + 1 << 20), "\(had)")
                #expect(sent + 1 << 20 >= UInt64(had), "\(had)")
            }
            #expect(test.shares.running == 0 && test.shares.completed.isEmpty)
            #expect(test.server.counts.cutOff == 4)
        }
    }

    /// What the kernel has not taken of several responses is taken off the last ones first.
    @Test func pipelinedResponsesThatAreCutOffCountOnce() async throws {
        try await withServer { test in
            let size = 200_000
            let digest = try test.addSparse("a", size: UInt64(size))
            var client: HTTPClient? = try test.client { $0.receiveBuffer = 4096 }
            try client!.tls.send(String(repeating: HTTPClient.request(digest), count: 100))
            _ = try client!.head()
            _ = try client!.bytes(size)
            client!.tls.resetWhenDone()
            client = nil
            #expect(await becomesTrue { test.shares.running == 0 && !test.shares.cutOff.isEmpty })
            #expect(test.shares.completed.count + test.shares.cutOff.count <= 100)
            #expect(test.shares.cutOff.allSatisfy { $0.sent < UInt64(size) })
        }
    }

    @Test func limitHoldsForDownloadsAtOneTimeAndWhatIsGivenBackIsThereAgain() async throws {
        try await withServer { test in
            let digest = try test.addSparse("big", size: 1 << 30)
            test.shares.limit(digest, to: 3)
            var clients = try (0..<3).map { _ in try test.client { $0.receiveBuffer = 16384 } }
            for client in clients { try client.get(digest) }
            #expect(await becomesTrue { test.shares.running == 3 })
            #expect(try test.fetch(digest).status == 404)
            let client = try test.client()
            try client.tls.send(HTTPClient.request(digest, method: "HEAD"))
            #expect(try client.answer(isHead: true).status == 404)
            try client.get(digest, "If-None-Match: *\r\n")
            #expect(try client.answer().status == 404)
            clients.removeLast()
            #expect(await becomesTrue { test.shares.running == 2 })
            try client.tls.send(HTTPClient.request(digest, method: "HEAD"))
            #expect(try client.answer(isHead: true).status == 200)
        }
    }

    @Test func fileOfADirectoryIsSentWherePublishedOneIsUsedUp() async throws {
        try await withServer { test in
            let bytes: [UInt8] = [1, 2, 3]
            let digest = try test.add("published", bytes)
            test.origins.replace([
                ServedOrigin(id: TestServer.origin, path: test.tree.path, cooldown: 0, maxRate: 0),
                ServedOrigin(id: TestServer.otherOrigin, path: test.tree.path, cooldown: 0, maxRate: 0),
            ])
            try test.tree.write("static", bytes)
            let other = test.index.directory(origin: TestServer.otherOrigin, path: .empty)
            try test.know("static", as: digest, in: other)
            test.shares.limit(digest, to: 0)
            #expect(try test.fetch(digest).body == bytes)
            #expect(await becomesTrue { test.shares.completed.map(\.filename) == [RawName("static")] })
        }
    }

    @Test(arguments: [true, false])
    func publishedFileThatIsDeletedIsSentToItsEnd(isPublished: Bool) async throws {
        try await withServer { test in
            let origin = isPublished ? OriginID.published : TestServer.origin
            test.origins.replace([ServedOrigin(id: origin, path: test.tree.path, cooldown: 0, maxRate: 0)])
            let size = 64 << 20
            try test.tree.truncate("big", to: UInt64(size))
            let digest = Digest(of: "big")
            try test.know("big", as: digest, in: test.index.directory(origin: origin, path: .empty))
            let client = try test.client { $0.receiveBuffer = 16384 }
            try client.get(digest)
            #expect(try client.head().status == 200)
            #expect(await becomesTrue { test.shares.running == 1 })
            try test.tree.remove("big")
            #expect(test.index.removeAll(origin: origin) == 1)
            if isPublished {
                #expect(try client.bytes(size).count == size)
            } else {
                #expect(try client.rest().bytes.count < size)
            }
            #expect(await becomesTrue { test.shares.running == 0 })
            #expect(test.shares.completed.count == (isPublished ? 1 : 0))
        }
    }

    @Test func nameIsWhatTheOriginSays() async throws {
        try await withServer { test in
            test.origins.replace([
                ServedOrigin(
                    id: TestServer.origin, path: test.tree.path, cooldown: 0, maxRate: 0,
                    filename: { RawName(bytes: Array($0.bytes.dropFirst(2))) })
            ])
            let digest = try test.add("1-name.txt", [1])
            let answer = try test.fetch(digest)
            #expect(answer.fields["content-disposition"]?.contains("filename=\"name.txt\"") == true)
            #expect(answer.fields["content-type"] == "text/plain")
            #expect(await becomesTrue { test.shares.completed.map(\.filename) == [RawName("name.txt")] })
        }
    }
}
