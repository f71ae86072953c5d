internal import PassimCore

/// One turn of a worker.
enum Work {
    case pass(Origin)
    case root(Origin)
    /// Names that were noted in a directory.
    case look(Origin, RawName)
    /// Other names of files are to be found.
    case names(Origin)
    case directory(DirectoryJob)
    case batch(BatchJob)
    /// All of one block.
    case files([FileJob])
}

/// What may have to wait for its time.
enum DelayedWork {
    case pass(Origin)
    /// A pass, if no other one was scheduled since.
    case rescan(Origin, schedule: Int)
    case root(Origin)
    case look(Origin, RawName)
    case names(Origin)
    case directory(DirectoryJob)
    case batch(BatchJob)
    case file(FileJob)

    var origin: Origin {
        switch self {
        case .pass(let origin), .rescan(let origin, _), .root(let origin), .look(let origin, _),
            .names(let origin):
            origin
        case .directory(let job): job.walk.origin
        case .batch(let job): job.walk.origin
        case .file(let job): job.origin
        }
    }
}
