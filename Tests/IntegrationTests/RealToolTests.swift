import PassimCore
import PassimTestKit
import Testing

/// After each of these tools has changed the mirror of a running daemon, that daemon shares what a fresh scan
/// finds, and nothing of what was there before.
struct RealToolTests {
    let live: LiveMirror
    var site: DaemonSite { live.site }
    var tree: TemporaryTree { live.tree }

    init() throws {
        live = try LiveMirror { try $0.makeSample("mirror/kept") }
    }

    // MARK: rsync

    @Test(arguments: [
        [], ["--inplace"], ["--delay-updates"], ["--delete-after", "--whole-file"],
        ["--checksum", "--sparse"],
        ["--partial", "--hard-links"],
    ])
    func rsyncIsFollowed(options: [String]) throws {
        let rsync = { [live] in
            let arguments = ["rsync", "-a", "--delete"] + options + ["source/", "mirror/"]
            try live.prepare(arguments)
            try live.expectFresh()
        }
        for version in 1...4 {
            try site.makeSample("source", version: version)
            try rsync()
        }
        // Nothing to do.
        try rsync()
        try live.shell("rm -rf source/*")
        try rsync()
        // .hidden is all that is left.
        try live.daemon.waitForSharedFiles { $0 == 1 }
    }

    @Test func rsyncOfADirectoryThatBecameAFileIsFollowed() throws {
        try live.shell("mkdir -p source/x/y && echo below >source/x/y/z && rsync -a --delete source/ mirror/")
        try live.shell("rm -r source/x && echo a file >source/x && rsync -a --delete source/ mirror/")
        try live.shell("rm source/x && mkdir source/x && echo again >source/x/z && rsync -a source/ mirror/")
    }

    // MARK: cp, install, ln

    @Test func cpOfATreeIsFollowed() throws {
        try site.makeSample("source")
        try live.run("cp", "-a", "source", "mirror/copy")
        try live.run("cp", "-a", "source/.", "mirror/")
        try site.makeSample("source", version: 2)
        try live.run("cp", "-a", "source/.", "mirror/")
        try live.run("cp", "-r", "--remove-destination", "source/.", "mirror/copy")
        try live.run("cp", "-al", "mirror/copy", "mirror/links")
        try live.run("rm", "-rf", "mirror/copy")
    }

    @Test func sparseCopyIsFollowed() throws {
        try live.shell(
            """
            truncate -s 3M sparse
            echo the end >>sparse
            cp --reflink=auto --sparse=always sparse mirror/sparse
            """)
        try live.shell("cp --reflink=auto --sparse=never sparse mirror/full && rm mirror/sparse")
    }

    @Test func installIsFollowed() throws {
        try live.shell("echo one >program && install -D -m 755 program mirror/bin/program")
        try live.shell("echo two >program && install -m 755 program mirror/bin/program")
        try live.shell("install -d mirror/lib/empty && install -p -t mirror/lib/empty program")
    }

    @Test func hardLinksAreFollowed() throws {
        try live.run("ln", "mirror/kept/same", "mirror/link")
        try live.shell(
            "mkdir mirror/links && ln mirror/kept/changing mirror/links/a && ln mirror/link mirror/links/b")
        // Into the mirror from outside it, and written to under the name that is outside.
        try live.shell("echo outside >outside && ln outside mirror/links/c")
        try live.shell("rm mirror/kept/same")
        try live.shell("echo more >>mirror/links/a")
        try live.shell("ln -f mirror/links/b mirror/links/a")
        try live.shell("rm -r mirror/links")
    }

    @Test func symlinksAreNotFollowedWheneverTheyAppear() throws {
        try live.shell("mkdir outside && echo secret >outside/file && ln -s ../outside mirror/out")
        try live.shell("ln -s ../../outside/file mirror/kept/link && ln -sfn kept mirror/out")
        try live.shell("mv mirror/kept elsewhere && ln -s ../elsewhere mirror/kept")
        try live.shell("rm mirror/kept && mv elsewhere mirror/kept")
        try live.shell("ln -sf same mirror/kept/changing")
        try live.shell("echo a file again >new && mv new mirror/kept/changing")
    }

    // MARK: mv

    @Test func movedFilesAreFollowed() throws {
        try live.shell("echo from outside >file && mv file mirror/file")
        try live.shell("mv mirror/file mirror/kept/dir/moved")
        try live.shell("mv mirror/kept/dir/moved mirror/kept/dir/deep/moved")
        try live.shell("echo another >mirror/another && mv mirror/another mirror/kept/dir/deep/moved")
        try live.shell("mv mirror/kept/dir/deep/moved .")
        try live.shell("mv moved mirror/moved && mv mirror/moved mirror/x && mv mirror/x moved")
    }

    @Test func movedTreesAreFollowed() throws {
        try site.makeSample("source")
        try live.run("mv", "source", "mirror/in")
        try live.run("mv", "mirror/in", "mirror/kept/dir/in")
        // What happens in it afterwards has its new name.
        try live.shell(
            "echo late >mirror/kept/dir/in/dir/deep/late && rm mirror/kept/dir/in/dir/deep/er/same")
        try live.run("mv", "mirror/kept/dir", "mirror/dir")
        try live.shell("echo later >mirror/dir/in/dir/deep/late && mkdir mirror/dir/in/dir/new")
        try live.shell("echo in the new one >mirror/dir/in/dir/new/file")
        try live.run("mv", "mirror/dir/in", "out")
        // What happens in it now is nobody's business.
        try live.shell("echo unseen >out/dir/deep/unseen && echo seen >mirror/seen")
        try live.run("mv", "out", "mirror/back")
    }

    @Test func namesThatChangeHandsAreFollowed() throws {
        try live.shell("cp -a mirror/kept mirror/other && echo other >mirror/other/dir/changing")
        try live.shell("cd mirror && mv kept third && mv other kept && mv third other")
        try live.shell("echo in kept >mirror/kept/dir/new && echo in other >mirror/other/dir/new")
        try live.shell("cd mirror/kept && mv same third && mv changing same && mv third changing")
        try tree.exchange("mirror/kept/same", with: "mirror/kept/changing")
        try live.expectFresh()
        try tree.exchange("mirror/kept", with: "mirror/other")
        try live.expectFresh()
        try live.shell("echo after >mirror/kept/dir/after && echo the exchange >mirror/other/dir/after")
        // A file and a directory.
        try tree.exchange("mirror/kept/same", with: "mirror/other/dir")
        try live.expectFresh()
        try live.shell("echo below >mirror/kept/same/deep/below && rm mirror/other/dir")
    }

    @Test func removedTreesAndThoseThatTakeTheirNamesAreFollowed() throws {
        try live.shell("rm -rf mirror/kept/dir")
        for version in 1...5 {
            try site.makeSample("mirror/kept", version: version)
            try live.expectFresh()
        }
        try live.shell("rm -rf mirror/kept && echo a file >mirror/kept")
        try live.shell("rm mirror/kept && mkdir -p mirror/kept/dir/deep && echo x >mirror/kept/dir/deep/x")
        try live.shell("rm -rf mirror/*")
        try live.daemon.waitForSharedFiles { $0 == 0 }
    }

    // MARK: tar, dpkg-deb, git

    @Test func tarIsFollowed() throws {
        try site.makeSample("source")
        try live.shell("tar cf one.tar -C source . && mkdir mirror/tar && tar xf one.tar -C mirror/tar")
        try site.makeSample("source", version: 2)
        try live.shell("tar cf two.tar -C source . && tar xf two.tar -C mirror/tar")
        try live.shell("tar xf one.tar -C mirror/tar --recursive-unlink --unlink-first")
    }

    /// Size and mtime stay what they were: only ctime tells.
    @Test func tarOverFilesOfTheSameSizeAndTimeIsFollowed() throws {
        for (archive, letter) in [("a", "A"), ("b", "B")] {
            for name in ["one", "sub/two", "sub/sub/three"] {
                try tree.write("\(archive)/\(name)", "\(name) is \(letter)")
                try tree.setModified("\(archive)/\(name)", DaemonSite.longAgo)
            }
            try live.prepare(["tar", "cf", "\(archive).tar", "-C", archive, "."])
        }
        try live.shell("tar xf a.tar -C mirror")
        try live.shell("tar xf b.tar -C mirror")
        try live.shell("tar xf a.tar -C mirror --overwrite")
        try live.shell("cp -p b/one mirror/one && cp -p b/sub/two mirror/sub/two")
    }

    @Test func packageIsFollowed() throws {
        for version in 1...2 {
            try site.makeSample("package/usr/share/sample", version: version)
            try tree.write(
                "package/DEBIAN/control",
                """
                Package: sample
                Version: \(version)
                Architecture: all
                Maintainer: Nobody <nobody@example.org>
                Description: a sample

                """)
            try live.shell(
                """
                chmod 755 package/DEBIAN
                dpkg-deb --root-owner-group --build package sample\(version).deb
                dpkg-deb -x sample\(version).deb mirror/unpacked
                """)
        }
    }

    @Test func gitCheckoutIsFollowed() throws {
        try live.shell("git init --quiet --initial-branch=one mirror/work")
        for (version, branch) in [(1, "one"), (2, "two")] {
            if version > 1 { try live.shell("git -C mirror/work checkout --quiet -b \(branch)") }
            try site.makeSample("sample", version: version)
            try live.shell(
                """
                rsync -a --delete --exclude=.git sample/ mirror/work/
                git -C mirror/work add --all
                git -C mirror/work -c user.name=Nobody -c user.email=nobody@example.org commit -q -m \(branch)
                """)
        }
        for branch in ["one", "two", "one"] {
            try live.run("git", "-C", "mirror/work", "checkout", "-q", branch)
        }
        try live.run("git", "clone", "--quiet", "mirror/work", "mirror/clone")
        try live.run("git", "-C", "mirror/clone", "rm", "-r", "--quiet", "dir")
    }

    // MARK: The shell

    @Test func truncatedFilesAreFollowed() throws {
        try live.run("truncate", "-s", "5", "mirror/kept/growing")
        try live.run("truncate", "-s", "2M", "mirror/kept/growing")
        try live.run("truncate", "-s", "0", "mirror/kept/growing")
        try live.run("truncate", "-s", "100", "mirror/new")
        try live.shell(": >mirror/kept/same")
    }

    @Test func filesRewrittenInPlaceAreFollowed() throws {
        try live.shell("printf X | dd of=mirror/kept/growing bs=1 seek=77 conv=notrunc status=none")
        try live.shell("echo more >>mirror/kept/same")
        try live.shell("echo other >mirror/kept/same && touch -d 2020-02-02 mirror/kept/same")
        try live.shell("echo OTHER >mirror/kept/same && touch -d 2020-02-02 mirror/kept/same")
        try live.shell("sed -i s/version/VERSION/ mirror/kept/changing mirror/kept/dir/changing")
        try live.shell("for i in 1 2 3 4 5 6 7 8 9; do echo $i >mirror/kept/same; done")
    }

    /// Between mkdir(2) and the watch that it is given, files come.
    @Test func newTreesAreFollowedHoweverFastTheyGrow() throws {
        try live.shell(
            """
            for i in $(seq 100); do
                mkdir -p mirror/tight/$i/b/c/d
                echo $i >mirror/tight/$i/b/c/d/f
                echo b $i >mirror/tight/$i/b/f
            done
            """)
        for number in 0..<500 {
            try tree.write("mirror/tighter/\(number)/b/c/d/f", "file \(number)")
            if number % 3 == 0 {
                try tree.rename("mirror/tighter/\(number)", to: "mirror/tighter/x\(number)")
            }
        }
        try live.expectFresh(within: 60)
        try live.shell("mv mirror/tighter/7 mirror/tighter/x0/b/c && rm -rf mirror/tight/5* mirror/tight")
    }

    @Test func oddNamesAreFollowed() throws {
        for (number, odd) in OddName.all.enumerated() {
            let directory = RawName("mirror/odd").appending(odd.directory)
            try tree.write(directory.appending(odd.name), "odd \(number)")
            try tree.write(RawName("mirror").appending(odd.name), "odder \(number)")
        }
        try live.expectFresh()
        for odd in OddName.all {
            try tree.rename(
                RawName("mirror/odd").appending(odd.directory), to: RawName("mirror").appending(odd.directory)
            )
        }
        try live.expectFresh()
        for odd in OddName.all {
            try tree.write(
                RawName("mirror").appending(odd.directory).appending(RawName("late")), "late \(odd.name)")
            try tree.remove(RawName("mirror").appending(odd.name))
        }
        try live.expectFresh()
    }

    /// find(1) and sha256sum(1) do not get there: by digest only.
    @Test func pathsLongerThanPathMaxAreFollowed() throws {
        var deep = RawName("mirror/deep")
        for level in 0..<30 {
            deep = deep.appending(RawName(bytes: [UInt8](repeating: 0x61 + UInt8(level % 26), count: 255)))
            try tree.write(deep.appending(RawName("file")), "level \(level)")
        }
        let fetch = { [live] (text: String) in try live.daemon.fetchWhenServed(Digest(of: text)).status }
        for level in [0, 14, 15, 16, 29] { #expect(try fetch("level \(level)") == 200) }
        try tree.rename("mirror/deep", to: "mirror/moved")
        deep = RawName(bytes: Array("mirror/moved".utf8) + deep.bytes.dropFirst("mirror/deep".utf8.count))
        try tree.write(deep.appending(RawName("file")), "changed at the bottom")
        #expect(try fetch("changed at the bottom") == 200)
        #expect(try live.daemon.fetch(Digest(of: "level 29")).status == 404)
        for level in [0, 14, 15, 16, 28] { #expect(try fetch("level \(level)") == 200) }
        try live.shell("rm -rf mirror/moved")
        #expect(try live.daemon.fetch(Digest(of: "changed at the bottom")).status == 404)
    }
}

/// The daemon as user 65534 over what belongs to root.
@Suite(.enabled(if: isRoot, "needs root to start the daemon as another user"))
struct LivePermissionTests {
    @Test func permissionsAreFollowed() throws {
        let live = try LiveMirror(DaemonSite(user: DaemonSite.unprivileged)) {
            try $0.makeSample("mirror/kept")
        }
        try live.run("chmod", "000", "mirror/kept/same")
        try live.run("chmod", "644", "mirror/kept/same")
        try live.run("chmod", "700", "mirror/kept/dir/deep")
        try live.shell("echo unseen >mirror/kept/dir/deep/er/unseen && echo seen >mirror/seen")
        try live.run("chmod", "755", "mirror/kept/dir/deep")
        try live.run("chmod", "711", "mirror/kept/dir")
        try live.run("chmod", "755", "mirror/kept/dir")
        try live.shell("umask 077 && mkdir mirror/closed && echo closed >mirror/closed/file")
        try live.run("chmod", "755", "mirror/closed")
        try live.run("chmod", "644", "mirror/closed/file")
        try live.run("chmod", "-R", "go-rwx", "mirror/kept")
        try live.run("chmod", "-R", "go+rX", "mirror/kept")
        try live.run("chmod", "700", "mirror")
        try live.daemon.waitForSharedFiles { $0 == 0 }
        try live.run("chmod", "755", "mirror")
        try live.daemon.waitForSharedFiles { $0 > 10 }
    }
}

/// Mounting makes no event of inotify(7).
@Suite(.enabled(if: canMount, "needs root and mount namespaces"))
struct LiveMountTests {
    let live: LiveMirror
    var site: DaemonSite { live.site }

    init() throws {
        live = try LiveMirror(DaemonSite(ownMounts: true)) { try $0.makeSample("mirror/kept") }
    }

    @Test func mountOverTheDirectoryIsFollowed() throws {
        try live.run("mount", "-t", "tmpfs", "none", "mirror")
        try live.daemon.waitForSharedFiles { $0 == 0 }
        try live.shell("echo on the mount >mirror/file && mkdir mirror/dir && echo deeper >mirror/dir/file")
        try live.run("umount", "--lazy", "mirror")
        try live.daemon.waitForSharedFiles { $0 > 10 }
        try live.shell("echo after the mount >mirror/kept/dir/after")
    }

    /// Watching a file system must not keep it mounted. Hashing may, for a moment.
    @Test func mountOverTheDirectoryCanBeUndone() throws {
        try live.shell("mount -t tmpfs none mirror && echo on the mount >mirror/file")
        try live.shell("for i in $(seq 100); do umount mirror && exit; sleep 0.1; done; umount mirror")
        try live.daemon.waitForSharedFiles { $0 > 10 }
    }

    @Test func mountOverASubdirectoryIsFollowed() throws {
        try live.run("mount", "-t", "tmpfs", "none", "mirror/kept/dir")
        try live.shell("mkdir -p mirror/kept/dir/deep && echo on the mount >mirror/kept/dir/deep/file")
        // A file system that has files when it comes.
        try site.makeSample("source", version: 2)
        try live.shell("mount --bind source mirror/kept/dir/deep && echo late >source/dir/late")
        try live.run("umount", "--lazy", "mirror/kept/dir/deep")
        try live.run("umount", "--lazy", "mirror/kept/dir")
        try live.shell("echo after the mount >mirror/kept/dir/deep/after")
    }

    @Test func fileSystemThatComesLaterAndGoesIsFollowed() throws {
        // Made where the mirror is not, and bound over it.
        try live.shell(
            """
            mkdir disk && mount -t tmpfs none disk
            cp -a mirror/kept disk/ && echo on the disk >disk/file && mkdir disk/dir && echo x >disk/dir/x
            rm -r disk/kept/dir/deep
            mount --bind disk mirror
            """)
        try live.shell("echo written below >disk/dir/below")
        try live.run("umount", "--lazy", "mirror")
    }
}
