internal import Glibc
internal import PassimCore

/// What this process has made that would outlive it: for programs that end before their time, when nothing is
/// released.
package enum Leavings {
    private struct State {
        var processes: Set<Int32> = []
        var trees: Set<String> = []
        var namespaces: Set<String> = []
    }
    private static let state = Lock(State())

    static func add(process: Int32) { state.withLock { _ = $0.processes.insert(process) } }
    static func forget(process: Int32) { state.withLock { _ = $0.processes.remove(process) } }
    static func add(tree: String) { state.withLock { _ = $0.trees.insert(tree) } }
    static func forget(tree: String) { state.withLock { _ = $0.trees.remove(tree) } }
    static func add(namespaces: [String]) { state.withLock { $0.namespaces.formUnion(namespaces) } }
    static func forget(namespaces: [String]) { state.withLock { $0.namespaces.subtract(namespaces) } }

    /// Ends and removes all of it.
    package static func remove() {
        let all = state.withLock { $0 }
        for process in all.processes { kill(process, SIGKILL) }
        for namespace in all.namespaces { _ = try? Command.run(["ip", "netns", "delete", namespace]) }
        for tree in all.trees { _ = try? Command.run(["rm", "-rf", "--one-file-system", tree]) }
    }
}
