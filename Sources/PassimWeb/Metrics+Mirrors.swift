internal import PassimCore

extension Metrics {
    func writeMirrors(to text: inout MetricsText) {
        text.metric(
            "passim_mirror_usable", .gauge,
            "1 for a mirror of Mirror= that is asked, 0 for one that is not as something is wrong with it."
        ) {
            for mirror in mirrors where !mirror.isOwn {
                $0.add(mirror.problem == nil ? 1 : 0, .init("mirror", mirror.name))
            }
        }
        text.metric(
            "passim_mirror_questions_total", .counter,
            "Questions to mirrors of Mirror=, also those under way."
        ) {
            for mirror in mirrors where !mirror.isOwn { $0.add(mirror.asked, .init("mirror", mirror.name)) }
        }
        text.metric(
            "passim_mirror_answers_total", .counter,
            "What came of them: the mirror has the file, it does not, or there was no answer of use."
        ) {
            for mirror in mirrors where !mirror.isOwn {
                $0.add(mirror.found, .init("mirror", mirror.name), .init("result", "found"))
                $0.add(mirror.missing, .init("mirror", mirror.name), .init("result", "missing"))
                $0.add(mirror.failed, .init("mirror", mirror.name), .init("result", "failed"))
            }
        }
    }
}
