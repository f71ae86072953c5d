import Testing

@testable import PassimMirror

@Suite struct WatchLimitTests {
    @Test func limitIsThatOfTheKernelOrTheNamespaceWhicheverIsLess() {
        let limit = WatchLimit.current
        let values = [
            "fs.inotify.max_user_watches": Limit.number(in: "/proc/sys/fs/inotify/max_user_watches"),
            "user.max_inotify_watches": Limit.number(in: "/proc/sys/user/max_inotify_watches"),
        ]
        #expect(limit.value == values.values.compactMap { $0 }.min())
        #expect(values[limit.name] == .some(limit.value))
    }
}
