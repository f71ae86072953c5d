import PassimTestKit
import Testing

/// The module for SELinux in etc/selinux, compiled as scripts/package does.
struct SELinuxPolicyTests {
    private let tree: TemporaryTree

    private static let directory = "\(Products.repository)/etc/selinux"

    init() throws {
        tree = try TemporaryTree()
        let module = tree.absolute("passim.mod")
        try Command.succeed(["checkmodule", "-M", "-m", "-o", module, source("passim.te")])
        try Command.succeed([
            "semodule_package", "-o", tree.absolute("passim.pp"), "-m", module, "-f", source("passim.fc"),
        ])
        try toCIL(tree.absolute("passim.pp"), "passim.cil")
    }

    private func source(_ name: String) -> String { "\(SELinuxPolicyTests.directory)/\(name)" }

    /// What semodule(8) does with a module first.
    private func toCIL(_ package: String, _ name: String) throws {
        try Command.succeed(["/usr/libexec/selinux/hll/pp", package, tree.absolute(name)])
    }

    /// Links modules with ours, and returns the rules and the contexts of files of the whole.
    private func link(_ modules: [String]) throws -> (rules: [Substring], contexts: String) {
        let (policy, contexts, text) = (
            tree.absolute("policy"), tree.absolute("contexts"), tree.absolute("policy.cil")
        )
        let ours = [tree.absolute("passim.cil"), source("passim-port.cil")]
        try Command.succeed(["secilc", "-o", policy, "-f", contexts] + modules + ours, seconds: 600)
        try Command.succeed(["checkpolicy", "-b", "-M", "-C", "-o", text, policy], seconds: 600)
        let rules = String(decoding: try tree.read("policy.cil"), as: UTF8.self).split(separator: "\n")
        return (rules, String(decoding: try tree.read("contexts"), as: UTF8.self))
    }

    private func expectOurs(_ linked: (rules: [Substring], contexts: String)) {
        let port = "(portcon tcp 27500 (system_u object_r passim_port_t ((s0) (s0))))"
        #expect(linked.rules.contains(Substring(port)))
        let transition = "(typetransition init_t passim_exec_t process passim_t)"
        #expect(linked.rules.contains(Substring(transition)))
        for (path, type) in [
            ("/usr/libexec/passimd\t--", "passim_exec_t"), ("/var/lib/passim(/.*)?", "passim_var_lib_t"),
            ("/var/log/passim(/.*)?", "passim_log_t"), ("/var/cache/passim(/.*)?", "passim_cache_t"),
            ("/etc/passim(/.*)?", "passim_cert_t"),
        ] {
            #expect(linked.contexts.contains("\(path)\tsystem_u:object_r:\(type):s0\n"), "\(path)")
        }
    }

    /// No more than what the module asks for: with a policy of nothing but the names that it requires.
    @Test func moduleIsCompiledWithItsFilesAndItsPort() throws {
        let program = """
            import re, sys
            text = open(sys.argv[1]).read()
            def names(word): return sorted(set(re.findall(r"^[ ]+%s (\\w+);" % word, text, re.M)))
            classes = {}
            for name, several, one in re.findall(r"^[ ]+class (\\w+) (?:\\{([^}]*)\\}|(\\w+));", text, re.M):
                classes.setdefault(name, set()).update((several or one).split())
            print("(handleunknown deny)(mls true)(sensitivity s0)(sensitivityorder (s0))(category c0)")
            print("(categoryorder (c0))(sensitivitycategory s0 (c0))(user system_u)(role system_r)(role object_r)")
            print("(roleattribute cil_gen_require)(typeattribute cil_gen_require)(userrole system_u object_r)")
            print("(userrole system_u system_r)(userlevel system_u (s0))(userrange system_u ((s0) (s0)))")
            print("(type base_t)(roletype object_r base_t)(sid kernel)(sidorder (kernel))")
            print("(sidcontext kernel (system_u object_r base_t ((s0) (s0))))")
            for name in names("type"): print("(type %s)" % name)
            for name in names("attribute"): print("(typeattribute %s)(typeattributeset %s (base_t))" % (name, name))
            for name in classes: print("(class %s (%s))" % (name, " ".join(sorted(classes[name]))))
            print("(classorder (%s))" % " ".join(classes))
            """
        let base = try Command.succeed(["python3", "-c", program, source("passim.te")]).output
        try tree.write("base.cil", base)
        expectOurs(try link([tree.absolute("base.cil")]))
    }

    private static let modules = "/usr/share/selinux/default"
    private static let hasPolicy =
        (try? Command.run(["test", "-e", "\(modules)/base.pp.bz2"]))?.succeeded == true

    /// All 331 modules, with their rules of what nobody may (neverallow) in force.
    @Test(
        .enabled(
            if: hasPolicy,
            "needs Debian's policy (selinux-policy-default; scripts/test --long installs it)"),
        .timeLimit(.minutes(15)))
    func policyOfDebianTakesTheModule() throws {
        let names = try Command.succeed(["ls", SELinuxPolicyTests.modules]).text.split(separator: "\n")
            .filter { $0.hasSuffix(".pp.bz2") }.map { $0.dropLast(7) }
        #expect(names.contains("base") && names.count > 100)
        for name in names {
            try Command.succeed([
                "sh", "-c",
                "bzcat \(SELinuxPolicyTests.modules)/\(name).pp.bz2 >\(tree.absolute("module.pp"))",
            ])
            try toCIL(tree.absolute("module.pp"), "module-\(name).cil")
        }
        let linked = try link(names.map { tree.absolute("module-\($0).cil") })
        expectOurs(linked)
        // What is optional in the module is there.
        for rule in [
            "(allow passim_t init_runtime_t (dir (getattr search)))",
            "(allow passim_t system_dbusd_t (dbus (acquire_svc)))",
            "(allow passim_t howl_port_t (udp_socket (name_bind)))",
        ] {
            #expect(linked.rules.contains(Substring(rule)), "\(rule)")
        }
        #expect(!linked.rules.contains { $0.hasPrefix("(allow passim_t shadow_t ") })
    }
}
