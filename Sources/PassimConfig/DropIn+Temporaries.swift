extension DropIn {
    /// The default of `Exclude`: what the usual tools leave in a directory while they fill it. Other hidden
    /// files are shared, as the stock daemon does.
    package static let temporaries: [Glob] = [
        // rsync: `.name.XXXXXX` of mkstemp(3); --delay-updates; the usual --partial-dir.
        ".?*.[0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z]",
        ".~tmp~/",
        ".rsync-partial/",
        // curl (what it replaces when complete) and wget (what it fetches only to follow its links).
        "*.tmp",
        // Downloads of curl or wget, as people and scripts name them until whole.
        "*.part",
        // aria2: the control file beside an unfinished download, and the one that replaces it.
        "*.aria2",
        "*.aria2__temp",
        // apt: unfinished downloads, and those that did not match.
        "partial/",
        "*.FAILED",
        // dnf: metadata until it is whole; createrepo_c: the same where it is made.
        "tmpdir.??????/",
        ".repodata/",
        // Not shared by anybody on purpose.
        ".git/",
        "lost+found/",
    ].map { pattern in
        // These are constants, and a test reads them all.
        try! Glob(pattern)
    }
}
