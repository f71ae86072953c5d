import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Programs that fetch by name and by hash over plain HTTP, as they are installed.
struct NamedClientTests {
    let site: DaemonSite
    let port: UInt16
    private var tree: TemporaryTree { site.tree }

    /// Not each machine for tests has these (`long_test_packages` of scripts/lib.sh).
    private static func isInstalled(_ files: String...) -> Bool { files.allSatisfy { access($0, F_OK) == 0 } }

    init() throws {
        port = try freePort()
        site = try DaemonSite("HTTPPort=\(port)")
        try site.share("mirror", as: "mirror", "Names=true")
    }

    private var url: String { "http://127.0.0.1:\(port)" }

    @discardableResult
    private func shell(_ script: String) throws -> String {
        var setting = ChildProcess.Setting()
        setting.environment = ["http_proxy": nil, "no_proxy": "*", "LC_ALL": "C"]
        let arguments = ["sh", "-e", "-c", "cd \"$0\"; url=$1\n" + script, tree.path, url]
        let outcome = try Command.run(arguments, setting, seconds: 120)
        guard outcome.succeeded else { throw TestFailure("\(outcome.text)\n\(outcome.errorText)") }
        return outcome.text + outcome.errorText
    }

    /// What lies in the mirror is old enough to be hashed at once.
    private func start() throws -> DaemonProcess {
        try shell("find mirror -type f -exec touch -d 2020-02-02 {} +")
        let daemon = try site.start()
        try daemon.firstPass()
        return daemon
    }

    // MARK: apt

    private func makeDebianMirror(version: Int) throws {
        try shell(
            """
            mkdir -p package/DEBIAN package/usr/share/sample mirror/debian/pool
            head -c 100000 /dev/urandom >package/usr/share/sample/file
            cat >package/DEBIAN/control <<END
            Package: sample
            Version: \(version)
            Architecture: all
            Maintainer: Nobody <nobody@example.org>
            Description: a sample
            END
            deb=pool/sample_\(version)_all.deb
            dpkg-deb --root-owner-group --build package mirror/debian/$deb >/dev/null
            cd mirror/debian
            index=main/binary-amd64/Packages
            mkdir -p dists/test/main/binary-amd64
            {
                dpkg-deb --field $deb
                echo "Filename: $deb"
                echo "Size: $(stat -c %s $deb)"
                echo "SHA256: $(sha256sum <$deb | cut -d' ' -f1)"
                echo
            } >dists/test/.next
            mv dists/test/.next dists/test/$index
            cat >dists/test/.next <<END
            Suite: test
            Codename: test
            Architectures: amd64
            Components: main
            Date: $(date -Ru)
            Acquire-By-Hash: yes
            SHA256:
             $(sha256sum <dists/test/$index | cut -d' ' -f1) $(stat -c %s dists/test/$index) $index
            END
            mv dists/test/.next dists/test/Release
            """)
    }

    private func configureAPT(byHash: String) throws {
        try shell(
            """
            mkdir -p apt/state/lists/partial apt/cache/archives/partial apt/etc/parts apt/log
            : >apt/status
            echo "deb [trusted=yes arch=amd64] $url/debian test main" >apt/etc/sources.list
            cat >apt/conf <<END
            Dir::State "$PWD/apt/state";
            Dir::State::status "$PWD/apt/status";
            Dir::Cache "$PWD/apt/cache";
            Dir::Etc "$PWD/apt/etc";
            Dir::Etc::sourceparts "$PWD/apt/etc/parts";
            Dir::Log "$PWD/apt/log";
            APT::Architecture "amd64";
            APT::Sandbox::User "root";
            Acquire::Languages "none";
            Acquire::By-Hash "\(byHash)";
            Acquire::Retries "0";
            Debug::Acquire::http "1";
            END
            """)
    }

    /// - Returns: the lines of requests, and of answers.
    private func update() throws -> [String] {
        let text = try shell("APT_CONFIG=$PWD/apt/conf apt-get -o APT::Update::Error-Mode=any update")
        // To Swift CRLF is one character.
        return text.replacing("\r\n", with: "\n").split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("GET ") || $0.hasPrefix("HTTP/1.1 ") }
    }

    @Test(arguments: ["force", "no"])
    func aptUpdatesAndDownloads(byHash: String) throws {
        try makeDebianMirror(version: 1)
        try configureAPT(byHash: byHash)
        let daemon = try start()
        let lines = try update()
        let index = lines.first { $0.contains("/binary-amd64/") } ?? ""
        #expect(index.contains("/by-hash/SHA256/") == (byHash == "force"), "\(lines)")
        #expect(lines.allSatisfy { !$0.hasPrefix("HTTP/1.1 5") })
        let download = "APT_CONFIG=$PWD/apt/conf apt-get -q download sample"
        try shell("\(download) && cmp sample_1_all.deb mirror/debian/pool/sample_1_all.deb")
        // Nothing has changed, and a date is all that apt has.
        #expect(try update().contains("HTTP/1.1 304 Not Modified"))
        try makeDebianMirror(version: 2)
        let release = Digest(
            of: String(decoding: try tree.read("mirror/debian/dists/test/Release"), as: UTF8.self))
        _ = try daemon.fetchWhenServed(release, seconds: 60)
        _ = try update()
        try shell("\(download) && cmp sample_2_all.deb mirror/debian/pool/sample_2_all.deb")
    }

    // MARK: Others

    private func putLarge() throws -> Digest {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 5) }
        try site.put("dir/large file", bytes)
        return Digest(of: bytes)
    }

    @Test func aria2FetchesAMetalinkInPartsAndVerifiesTheDigestField() throws {
        let digest = try putLarge()
        try tree.write(
            "large.meta4",
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <metalink xmlns="urn:ietf:params:xml:ns:metalink">
              <file name="large">
                <hash type="sha-256">\(digest.hex)</hash>
                <url>\(url)/dir/large%20file</url>
              </file>
            </metalink>

            """)
        let daemon = try start()
        let aria = "aria2c --no-conf -q --log=- --log-level=info --check-integrity=true"
        var log = try shell(
            "\(aria) -d one -k1M -s3 -x3 large.meta4 && cmp one/large 'mirror/dir/large file'")
        #expect(log.contains("Valid hash found in Digest header field"))
        // A digest that the server tells is checked where nobody else has told one.
        log = try shell(
            "\(aria) -d two \"$url/dir/large%20file\" && cmp 'two/large file' 'mirror/dir/large file'")
        #expect(log.contains("Verification finished successfully"))
        #expect(daemon.isRunning)
    }

    @Test func curlGoesOnWhereItWas() throws {
        _ = try putLarge()
        let daemon = try start()
        try shell(
            """
            head -c 1000000 'mirror/dir/large file' >part
            curl -sS --fail -C - -o part "$url/dir/large%20file"
            cmp part 'mirror/dir/large file'
            curl -sS --fail --etag-save tag -o whole "$url/dir/large%20file"
            test "$(curl -sS --etag-compare tag -o again -w '%{http_code}' "$url/dir/large%20file")" = 304
            """)
        #expect(daemon.isRunning)
    }

    @Test(.enabled(if: isInstalled("/usr/bin/wget2"), "needs wget2"))
    func wget2FetchesAndKeepsWhatIsNew() throws {
        _ = try putLarge()
        let daemon = try start()
        try shell(
            """
            wget2 -q -N -P out "$url/dir/large%20file" && cmp 'out/large file' 'mirror/dir/large file'
            wget2 -q -N -P out "$url/dir/large%20file"
            wget2 -q --no-check-certificate -O secure "https://127.0.0.1:\(daemon.port)/dir/large%20file"
            cmp secure 'mirror/dir/large file'
            ! wget2 -q -O none "$url/dir/none"
            """)
    }

    @Test(
        .enabled(if: isInstalled("/usr/lib/python3/dist-packages/requests/api.py"), "needs python3-requests"))
    func requestsFetchesByNameAndByHash() throws {
        let digest = try putLarge()
        let daemon = try start()
        let text = try shell(
            """
            /usr/bin/python3 - "$url" \(digest.hex) <<'END'
            import base64, hashlib, requests, sys
            url, digest = sys.argv[1:]
            session = requests.Session()
            answer = session.get(url + "/dir/large file")
            hashed = hashlib.sha256(answer.content)
            assert hashed.hexdigest() == digest
            assert base64.b64encode(hashed.digest()).decode() in answer.headers["Repr-Digest"]
            assert session.get(url + "/dir/large file", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
            assert session.get(url + "/x/by-hash/SHA256/" + digest).content == answer.content
            assert session.get(url + "/none").status_code == 404
            print("all as it should be")
            END
            """)
        #expect(text.contains("all as it should be"))
        #expect(daemon.isRunning)
    }

    @Test(
        .enabled(
            if: isInstalled("/usr/lib/python3/dist-packages/librepo/__init__.py", "/usr/bin/createrepo_c"),
            "needs python3-librepo and createrepo-c"))
    func librepoFetchesTheMetadataOfARepository() throws {
        try shell("mkdir -p mirror/rpm && createrepo_c -q mirror/rpm 2>createrepo.log")
        let daemon = try start()
        try shell(
            """
            mkdir out
            /usr/bin/python3 - "$url/rpm" out <<'END'
            import librepo, sys
            handle = librepo.Handle()
            handle.urls = [sys.argv[1]]
            handle.destdir = sys.argv[2]
            handle.repotype = librepo.LR_YUMREPO
            handle.checksum = True
            handle.perform(librepo.Result())
            END
            diff -r out/repodata mirror/rpm/repodata
            """)
        #expect(daemon.isRunning)
    }
}
