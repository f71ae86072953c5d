internal import PassimCore

extension IndexPage {
    /// Nothing where none are named.
    func writeMirrors(to more: inout HTMLWriter) {
        if mirrors.isEmpty { return }
        more.details(
            "mirrors", "\(HumanText.count(mirrors.count, "named mirror")) first",
            "asked for what is not here, before the network"
        ) { details in
            details.table(
                "stack", caption: "Mirrors that are asked for what is not here",
                columns: [
                    ("Mirror", false), ("State", false), ("Asked", true), ("Had the file", true),
                    ("Had not", true), ("Failed", true),
                ]
            ) { body in
                for mirror in mirrors {
                    body.element(.tr) { row in
                        row.headCell { $0.name(mirror.name) }
                        row.cell("state") { $0.text(mirror.state) }
                        row.number("\(mirror.asked)", unit: "asked")
                        row.number("\(mirror.found)", unit: "had it")
                        row.number("\(mirror.missing)", unit: "had not")
                        row.number("\(mirror.failed)", unit: "failed")
                    }
                }
            }
        }
    }
}

extension MirrorStatus {
    fileprivate var state: String {
        if isOwn { return "this machine, never asked" }
        return switch problem {
        case nil: asked == 0 ? "not asked yet" : "answers"
        case .unknown: "its name leads nowhere"
        case .unreachable: "does not answer"
        case .late: "answers too late"
        case .wrongKey: "shows another key than its pin says"
        case .refusing: "refuses HEAD"
        }
    }
}
