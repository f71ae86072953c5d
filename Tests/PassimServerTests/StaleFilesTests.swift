import PassimCore
import PassimCrypto
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// What is sent is what was hashed: a file that is not what it was is not sent, and nothing else is harmed.
@Suite struct StaleFilesTests {
    /// What happens to the file `victim`.
    enum Mischief: CaseIterable {
        case rewritten, rewrittenWithTimesPutBack, truncated, grown, removed, replaced, renamed, madeFIFO,
            madeSymlink, madeDirectory, touched

        func happen(to test: TestServer) throws {
            let tree = test.tree
            let before = try tree.status("victim")
            switch self {
            case .rewritten: try tree.overwrite("victim", at: 0, [9])
            case .rewrittenWithTimesPutBack:
                try tree.overwrite("victim", at: 0, [9])
                try tree.setModified("victim", before.modified)
            case .truncated: try tree.truncate("victim", to: 1)
            case .grown: try tree.append("victim", [1])
            case .removed: try tree.remove("victim")
            case .replaced:
                try tree.write("other", [9])
                try tree.rename("other", to: "victim")
            case .renamed: try tree.rename("victim", to: "elsewhere")
            case .madeFIFO:
                try tree.remove("victim")
                try tree.fifo("victim")
            case .madeSymlink:
                try tree.rename("victim", to: "elsewhere")
                try tree.symlink("victim", to: "elsewhere")
            case .madeDirectory:
                try tree.remove("victim")
                try tree.makeDirectory("victim")
            case .touched: try tree.setModified("victim", Timestamp(seconds: 1, nanoseconds: 0))
            }
        }
    }

    /// - Parameter isOpen: the server has the file in its cache already.
    @Test(arguments: Mischief.allCases, [false, true])
    func changedFileIsUnknownAndLookedAtAgain(mischief: Mischief, isOpen: Bool) async throws {
        try await withServer { test in
            let digest = try test.add("victim", [1, 2, 3])
            let other = try test.add("bystander", [4, 5, 6])
            let client = try test.client()
            if isOpen {
                try client.get(digest)
                #expect(try client.answer().body == [1, 2, 3])
            }
            try mischief.happen(to: test)
            // Also those that send no content must not say that it is there.
            let method = isOpen ? "GET" : "HEAD"
            try client.tls.send(HTTPClient.request(digest, method: method))
            #expect(try client.answer(isHead: !isOpen).status == 404)
            #expect(test.index.find(digest) == nil)
            #expect(test.stale.paths == ["victim"])
            try client.get(digest)
            #expect(try client.answer().status == 404)
            #expect(test.stale.paths == ["victim"])
            try client.get(other)
            #expect(try client.answer().body == [4, 5, 6])
        }
    }

    @Test(arguments: ["If-None-Match: *\r\n", "Range: bytes=99-\r\n", "Range: bytes=1-1\r\n"])
    func changedFileIsUnknownToConditionsAndRanges(fields: String) async throws {
        try await withServer { test in
            let digest = try test.add("victim", [1, 2, 3])
            let client = try test.client()
            try client.get(digest)
            #expect(try client.answer().body == [1, 2, 3])
            try Mischief.rewrittenWithTimesPutBack.happen(to: test)
            try client.get(digest, fields)
            #expect(try client.answer().status == 404)
            #expect(test.stale.paths == ["victim"])
        }
    }

    @Test(arguments: [Mischief.rewritten, .rewrittenWithTimesPutBack, .truncated, .removed, .replaced])
    func downloadOfAChangedFileIsCut(mischief: Mischief) async throws {
        try await withServer { test in
            let size = 64 << 20
            let digest = try test.addSparse("victim", size: UInt64(size))
            let other = try test.add("bystander", [4, 5, 6])
            let client = try test.client { $0.receiveBuffer = 8192 }
            try client.get(digest)
            #expect(try client.head().status == 200)
            #expect(try client.bytes(100_000).allSatisfy { $0 == 0 })
            try mischief.happen(to: test)
            let rest = try client.rest()
            #expect(!rest.orderly)
            #expect(rest.bytes.count < size - 100_000)
            // Nothing that was written afterwards.
            #expect(rest.bytes.allSatisfy { $0 == 0 })
            #expect(test.stale.paths == ["victim"])
            #expect(test.index.find(digest) == nil)
            #expect(try test.fetch(other).body == [4, 5, 6])
        }
    }

    @Test func anotherFileOfTheSameDigestIsSentInstead() async throws {
        try await withServer { test in
            let digest = try test.add("one", [1, 2, 3])
            try test.add("two", [1, 2, 3])
            try test.add("three", [1, 2, 3])
            let client = try test.client()
            for gone in ["one", "two"] {
                try client.get(digest)
                #expect(try client.answer().body == [1, 2, 3])
                try test.tree.remove(gone)
            }
            try client.get(digest)
            #expect(try client.answer().body == [1, 2, 3])
            #expect(test.index.entries(digest).count == 1 || test.stale.paths.count < 2)
            try test.tree.overwrite("three", at: 0, [0])
            try client.get(digest)
            #expect(try client.answer().status == 404)
            #expect(test.stale.paths.sorted() == ["one", "three", "two"])
        }
    }

    @Test func fileThatIsWhatItWasAgainIsServedOnceTheIndexSaysSo() async throws {
        try await withServer { test in
            let digest = try test.add("victim", [1, 2, 3])
            try test.tree.write("victim", [7])
            #expect(try test.fetch(digest).status == 404)
            #expect(try test.add("victim", [1, 2, 3]) == digest)
            #expect(try test.fetch(digest).body == [1, 2, 3])
        }
    }

    @Test func fileOfAnOriginThatIsGoneIsUnknown() async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            #expect(try test.fetch(digest).status == 200)
            test.origins.replace([])
            #expect(try test.fetch(digest).status == 404)
        }
    }

    /// A deleted file's blocks come back, and a file system can be unmounted.
    @Test func fileIsClosedBetweenTwoRequestsASecond() async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            let client = try test.client()
            var closed = 0
            for _ in 0..<6 {
                try client.get(digest)
                _ = try client.answer()
                let end = monotonicNanoseconds() + 500_000_000
                var isClosed = false
                while monotonicNanoseconds() < end { isClosed = isClosed || test.openDescriptors == 1 }
                if isClosed { closed += 1 }
            }
            // A machine that is busy may miss some.
            #expect(closed > 0)
        }
    }

    /// Clients that come one by one must not put that off.
    @Test func fileIsClosedThoughClientsComeAndGo() async throws {
        try await withServer({ $0.reactors = 1 }) { test in
            let digest = try test.add("a", [1, 2, 3])
            #expect(try test.fetch(digest).status == 200)
            #expect(test.openDescriptors >= 1)
            let isClosed = try eventually {
                do {
                    let client = try test.client()
                    try client.tls.send("GET / HTTP/1.0\r\n\r\n")
                    _ = try client.rest()
                }
                guard eventually(seconds: 10, { test.server.connectionCount == 0 }) else { return false }
                return test.openDescriptors == 0
            }
            #expect(isClosed)
        }
    }
}
