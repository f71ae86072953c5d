import PassimCore
import PassimCrypto
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Files that are asked for by a path: one that ends with a digest, or their own.
struct NamesTests {
    /// Paths that count as not found out yet.
    private let pending = Pending()

    private final class Pending: Sendable {
        let paths = Lock<Set<String>>([])
    }

    private func share(_ test: TestServer, prefix: String = "", cooldown: Int = 0) {
        let pending = pending
        let names = ServedOrigin.Names(prefix: RawName(prefix)) { path in
            pending.paths.withLock { $0.contains(path.description) }
        }
        test.origins.replace([
            ServedOrigin(
                id: TestServer.origin, path: test.tree.path, cooldown: cooldown, maxRate: 0, names: names)
        ])
    }

    private func get(
        _ test: TestServer, _ target: String, _ fields: String = "", method: String = "GET"
    ) throws -> HTTPAnswer {
        let client = try test.client()
        try client.tls.send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
        return try client.answer(isHead: method == "HEAD")
    }

    private func put(_ test: TestServer, _ path: String, _ text: String) throws -> Digest {
        let digest = Digest(of: text)
        try test.tree.write(path, text)
        let raw = RawName(path)
        let file = try Descriptor.open(test.tree.absolute(path), .readOnly)
        test.index.apply([
            .insert(
                directory: test.index.directory(origin: TestServer.origin, path: raw.parent),
                name: raw.basename, digest: digest, identity: try file.status().identity, flags: [])
        ])
        return digest
    }

    // MARK: by-hash

    @Test func digestInThePathIsAnswered() async throws {
        try await withServer { test in
            let digest = try test.add("Packages.xz", Array("index".utf8))
            for target in [
                "/by-hash/SHA256/\(digest.hex)", "/debian/dists/x/by-hash/SHA256/\(digest.hex)",
                "/by-hash/SHA256/\(digest.hex)/Packages.xz", "/by-hash/SHA256/\(digest.hex)?x=y",
            ] {
                let answer = try get(test, target)
                #expect(answer.status == 200, "\(target)")
                #expect(answer.text == "index")
                #expect(answer.fields["etag"] == "\"\(digest.hex)\"")
                #expect(answer.fields["cache-control"] == "public, immutable")
            }
            // The query wins.
            let other = try test.add("other", Array("other".utf8))
            #expect(try get(test, "/by-hash/SHA256/\(digest.hex)?sha256=\(other.hex)").text == "other")
            #expect(try get(test, "/by-hash/SHA256/\(digest.hex)?sha256=0").status == 406)
        }
    }

    @Test func digestInThePathThatIsUnknownIsNotLookedFor() async throws {
        let lookup = TestLookup()
        try await withServer(lookup: lookup) { test in
            let unknown = Digest(of: "nobody's")
            try test.add("somebody's", [1])
            for target in [
                "/by-hash/SHA256/\(unknown.hex)", "/a/by-hash/SHA256/xyz",
                "/by-hash/SHA256/\(unknown.hex.dropLast())",
            ] {
                #expect(try get(test, target).status == 404, "\(target)")
            }
            #expect(lookup.asked.isEmpty)
            // As before where it is no digest's form, and nothing is to be had by name.
            #expect(try get(test, "/by-hash/SHA512/\(unknown.hex)").status == 400)
            #expect(try get(test, "/by-hash/SHA256").status == 400)
        }
    }

    @Test func digestFieldIsForThoseWhoAskForIt() async throws {
        try await withServer { test in
            let digest = try test.add("empty", [])
            let target = "/x?sha256=\(digest.hex)"
            let value = "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
            #expect(try get(test, target).fields["digest"] == nil)
            #expect(
                try get(test, target, "Want-Digest: SHA-512;q=1, SHA-256;q=1\r\n").fields["digest"] == value)
            #expect(try get(test, target, "Want-Digest: SHA-256;q=0\r\n").fields["digest"] == nil)
            let head = try get(test, target, "Want-Digest: md5\r\nWant-Digest: sha-256\r\n", method: "HEAD")
            #expect(head.fields["digest"] == value)
            #expect(head.fields["repr-digest"] == "sha-256=:\(value.dropFirst(8)):")
        }
    }

    // MARK: Names

    @Test func fileIsToBeHadByItsName() async throws {
        try await withServer { test in
            share(test)
            let digest = try put(test, "sub/a b.txt", "content")
            let answer = try get(test, "/sub/a%20b.txt")
            #expect(answer.status == 200)
            #expect(answer.text == "content")
            #expect(answer.fields["etag"] == "\"\(digest.hex)\"")
            #expect(answer.fields["repr-digest"] != nil)
            #expect(answer.fields["cache-control"] == "no-cache")
            #expect(answer.fields["accept-ranges"] == "bytes")
            let tag = "\"\(digest.hex)\""
            #expect(try get(test, "/sub/a%20b.txt", "If-None-Match: \(tag)\r\n").status == 304)
            #expect(
                try get(test, "/sub/a%20b.txt", "If-None-Match: \(tag)\r\n").fields["cache-control"]
                    == "no-cache")
            let part = try get(test, "/sub/a%20b.txt", "Range: bytes=2-3\r\nIf-Range: \(tag)\r\n")
            #expect(part.status == 206)
            #expect(part.text == "nt")
            #expect(try get(test, "/sub/a%20b.txt", "Range: bytes=99-\r\n").status == 416)
            // Two versions of a file may have the same date: a part of one never goes to the beginning of another.
            let date = try #require(answer.fields["last-modified"])
            let whole = try get(test, "/sub/a%20b.txt", "Range: bytes=2-3\r\nIf-Range: \(date)\r\n")
            #expect(whole.status == 200)
            let head = try get(test, "/sub/a%20b.txt", method: "HEAD")
            #expect(head.status == 200)
            #expect(head.fields["content-length"] == "7")
            #expect(try get(test, "/sub/a%20b.txt?x=1").text == "content")
            #expect(try get(test, "/sub/a%20b.txt", method: "POST").status == 405)
        }
    }

    /// Else it would be said for a moment that there is no such file.
    @Test func entryThatIsNotTrueGoesOnceItIsKnownThatItsFileIsLookedAt() async throws {
        try await withServer { test in
            share(test)
            _ = try put(test, "file", "content")
            let isThere = Lock(false)
            let (pending, index) = (self.pending, test.index)
            test.stale.beforeDrop.withLock { body in
                body = { item in
                    isThere.withLock { $0 = index.find(origin: TestServer.origin, path: item.path) != nil }
                    pending.paths.withLock { _ = $0.insert(item.path.description) }
                }
            }
            try test.tree.write("file", "another")
            #expect(try get(test, "/file").status == 503)
            #expect(isThere.withLock { $0 })
            #expect(test.index.find(origin: TestServer.origin, path: RawName("file")) == nil)
        }
    }

    @Test func fileThatComesToBeKnownWhileItIsAskedForIsServed() async throws {
        try await withServer { test in
            _ = try put(test, "file", "content")
            let entry = try #require(test.index.find(origin: TestServer.origin, path: RawName("file")))
            test.index.apply([.drop(entry)])
            let index = test.index
            let names = ServedOrigin.Names(prefix: .empty) { path in
                index.apply([
                    .insert(
                        directory: entry.directory, name: path, digest: entry.digest,
                        identity: entry.identity, flags: [])
                ])
                return false
            }
            test.origins.replace([
                ServedOrigin(
                    id: TestServer.origin, path: test.tree.path, cooldown: 0, maxRate: 0, names: names)
            ])
            #expect(try get(test, "/file").status == 200)
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        try await withServer(lookup: TestLookup()) { test in
            share(test)
            _ = try put(test, "sub/file", "content")
            for target in [
                "/other", "/sub", "/sub/", "/sub/file/", "/sub//file", "//sub/file", "/sub/./file",
                "/x/../sub/file",
                "/sub%2Ffile", "/sub/file%00", "/SUB/file", "/%2e%2e/sub/file", "/sub/file/x",
                "/%6Detrics", "/%69tems/x",
            ] {
                #expect(try get(test, target).status == 404, "\(target)")
            }
        }
    }

    @Test func withoutNamesAPathIsNoRequest() async throws {
        try await withServer { test in
            _ = try put(test, "file", "content")
            for target in ["/file", "/file?x=y", "/a//b"] {
                #expect(try get(test, target).status == 400, "\(target)")
            }
        }
    }

    @Test func digestAndPagesComeBeforeNames() async throws {
        try await withServer { test in
            share(test)
            let other = try put(test, "other", "other")
            for name in ["metrics", "healthz", "readyz", "style.css", "favicon.ico", "items/1"] {
                _ = try put(test, name, "a file")
                #expect(try get(test, "/\(name)").text != "a file", "\(name)")
                #expect(try get(test, "/\(name)?sha256=\(other.hex)").status == 200)
            }
            _ = try put(test, "file", "a file")
            #expect(try get(test, "/file?sha256=\(other.hex)").text == "other")
            #expect(try get(test, "/file?localhost=maybe").status == 400)
            _ = try put(test, "by-hash/SHA256/README", "a file")
            #expect(try get(test, "/by-hash/SHA256/README").status == 404)
        }
    }

    @Test func prefixIsWhereNamesAre() async throws {
        try await withServer { test in
            share(test, prefix: "pub/lvfs")
            _ = try put(test, "a/file", "content")
            #expect(try get(test, "/pub/lvfs/a/file").text == "content")
            for target in ["/a/file", "/pub/lvfs", "/pub/lvfsa/file", "/lvfs/a/file", "/pub/lvfs//a/file"] {
                #expect(try get(test, target).status == 404, "\(target)")
            }
        }
    }

    @Test func longerPrefixComesFirst() async throws {
        try await withServer { test in
            let pending = pending
            func names(_ prefix: String) -> ServedOrigin.Names {
                ServedOrigin.Names(prefix: RawName(prefix)) { path in
                    pending.paths.withLock { $0.contains("\(prefix):\(path)") }
                }
            }
            test.origins.replace([
                ServedOrigin(
                    id: TestServer.otherOrigin, path: test.tree.path, cooldown: 0, maxRate: 0,
                    names: names("")),
                ServedOrigin(
                    id: TestServer.origin, path: test.tree.path, cooldown: 0, maxRate: 0, names: names("sub")),
            ])
            for (origin, path) in [(TestServer.otherOrigin, "sub/file"), (TestServer.origin, "file")] {
                try test.tree.write(path, path)
                let raw = RawName(path)
                let file = try Descriptor.open(test.tree.absolute(path), .readOnly)
                test.index.apply([
                    .insert(
                        directory: test.index.directory(origin: origin, path: raw.parent), name: raw.basename,
                        digest: Digest(of: path), identity: try file.status().identity, flags: [])
                ])
            }
            #expect(try get(test, "/sub/file").text == "file")
            // Of the other one nothing is told as long as it is not known that the first has none.
            test.index.removeAll(origin: TestServer.origin)
            pending.paths.withLock { $0 = ["sub:file"] }
            #expect(try get(test, "/sub/file").status == 503)
            pending.paths.withLock { $0 = [] }
            #expect(try get(test, "/sub/file").text == "sub/file")
        }
    }

    @Test func fileThatIsBeingHashedIsToBeAskedForLater() async throws {
        try await withServer { test in
            share(test)
            pending.paths.withLock { $0 = ["new"] }
            let answer = try get(test, "/new")
            #expect(answer.status == 503)
            #expect(answer.fields["retry-after"] == "2")
            #expect(try get(test, "/newer").status == 404)
        }
    }

    /// The old bytes are not sent under the name, though another file has them.
    @Test func fileThatHasChangedIsNotSent() async throws {
        try await withServer { test in
            share(test)
            let digest = try put(test, "file", "old")
            try test.tree.write("copy", "old")
            try test.know("copy", as: digest)
            #expect(try get(test, "/file").text == "old")
            try test.tree.write("next", "new")
            try test.tree.rename("next", to: "file")
            pending.paths.withLock { $0 = ["file"] }
            #expect(try get(test, "/file").status == 503)
            #expect(test.stale.paths == ["file"])
            #expect(try get(test, "/copy").text == "old")
            pending.paths.withLock { $0 = [] }
            #expect(try get(test, "/file").status == 404)
            _ = try put(test, "file", "new")
            #expect(try get(test, "/file").text == "new")
        }
    }

    /// If-Modified-Since of a copy that is newer than the file: it has been replaced by an older one.
    @Test func dateMustBeTheVeryOne() async throws {
        try await withServer { test in
            share(test)
            _ = try put(test, "file", "content")
            let date = try #require(try get(test, "/file").fields["last-modified"])
            #expect(try get(test, "/file", "If-Modified-Since: \(date)\r\n").status == 304)
            let later = "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n"
            #expect(try get(test, "/file", later).status == 200)
            #expect(try get(test, "/x?sha256=\(Digest(of: "content").hex)", later).status == 304)
        }
    }
}
