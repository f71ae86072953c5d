// swift-tools-version: 6.1
import PackageDescription

// The table in scripts/check-layers says who may import whom; this file must agree with it.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let systemLibraries: [Target] = [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(
        name: "CAvahi", pkgConfig: "avahi-client",
        providers: [.apt(["libavahi-client-dev"]), .yum(["avahi-devel"])]),
    .systemLibrary(
        name: "COpenSSL", pkgConfig: "openssl",
        providers: [.apt(["libssl-dev"]), .yum(["openssl-devel"])]),
    .systemLibrary(
        name: "CGLib", pkgConfig: "gio-unix-2.0",
        providers: [.apt(["libglib2.0-dev"]), .yum(["glib2-devel"])]),
    .systemLibrary(
        name: "CCurl", pkgConfig: "libcurl",
        providers: [.apt(["libcurl4-openssl-dev"]), .yum(["libcurl-devel"])]),
    // It has no .pc file.
    .systemLibrary(
        name: "CInotifyTools",
        providers: [.apt(["libinotifytools0-dev"]), .yum(["inotify-tools-devel"])]),
    .systemLibrary(
        name: "CSQLite", pkgConfig: "sqlite3",
        providers: [.apt(["libsqlite3-dev"]), .yum(["sqlite-devel"])]),
    .systemLibrary(
        name: "CSystemd", pkgConfig: "libsystemd",
        providers: [.apt(["libsystemd-dev"]), .yum(["systemd-devel"])]),
]

let libraries: [Target] = [
    .target(name: "PassimCore"),
    .target(name: "PassimSystem", dependencies: ["PassimCore", "CLinux"]),
    .target(name: "PassimCrypto", dependencies: ["PassimCore", "PassimSystem", "COpenSSL"]),
    .target(name: "PassimGLib", dependencies: ["PassimCore", "PassimSystem", "CGLib"]),
    .target(name: "PassimConfig", dependencies: ["PassimCore", "PassimSystem", "PassimGLib"]),
    .target(name: "PassimIndex", dependencies: ["PassimCore"]),
    .target(
        name: "PassimMirror",
        dependencies: [
            "PassimCore", "PassimSystem", "PassimCrypto", "PassimConfig", "PassimIndex", "CInotifyTools",
            "CSQLite", logging,
        ]),
    .target(
        name: "PassimPublish",
        dependencies: ["PassimCore", "PassimSystem", "PassimCrypto", "PassimIndex", logging]),
    .target(name: "PassimHTTP", dependencies: ["PassimCore"]),
    .target(
        name: "PassimServer",
        dependencies: [
            "PassimCore", "PassimSystem", "PassimCrypto", "PassimIndex", "PassimHTTP", "PassimGLib", logging,
        ]),
    .target(name: "PassimWeb", dependencies: ["PassimCore", "PassimHTTP"]),
    .target(name: "PassimDiscovery", dependencies: ["PassimCore", "PassimSystem", "CAvahi", logging]),
    .target(name: "PassimLookup", dependencies: ["PassimCore"]),
    .target(
        name: "PassimFetch",
        dependencies: ["PassimCore", "PassimSystem", "PassimCrypto", "CCurl", logging]),
    .target(
        name: "PassimSync",
        dependencies: [
            "PassimCore", "PassimSystem", "PassimCrypto", "PassimGLib", "PassimConfig", "PassimMirror",
            "PassimFetch",
        ]),
    .target(name: "PassimBus", dependencies: ["PassimCore", "PassimSystem", "PassimGLib", logging]),
    .target(
        name: "PassimDaemon",
        dependencies: [
            "PassimCore", "PassimSystem", "PassimCrypto", "PassimGLib", "PassimConfig", "PassimIndex",
            "PassimMirror", "PassimHTTP", "PassimServer", "PassimWeb", "PassimFetch", "PassimDiscovery",
            "PassimLookup", "PassimPublish", "PassimBus", "CSystemd", logging, lifecycle, unixSignals,
        ]),
]

let executables: [Target] = [
    .executableTarget(name: "passimd", dependencies: ["PassimDaemon", arguments]),
    .executableTarget(
        name: "passim",
        dependencies: [
            "PassimCore", "PassimSystem", "PassimCrypto", "PassimConfig", "PassimMirror", "PassimBus",
            "PassimFetch", "PassimSync", arguments, logging,
        ]),
]

// No products: the benchmarks, the soak, and what they and the tests stand on: temporary trees, a TLS client, the
// daemon as a process, a LAN of two hosts.
let tools: [Target] = [
    .executableTarget(
        name: "passim-bench",
        dependencies: [
            "PassimCore", "PassimSystem", "PassimCrypto", "PassimIndex", "PassimMirror", "PassimConfig",
            "PassimDiscovery", "PassimWeb", "PassimTestKit", arguments, logging,
        ],
        path: "Tests/passim-bench"),
    .executableTarget(
        name: "passim-soak",
        dependencies: ["PassimCore", "PassimSystem", "PassimCrypto", "PassimTestKit", arguments],
        path: "Tests/passim-soak"),
    .target(
        name: "PassimTestKit",
        dependencies: ["PassimCore", "PassimSystem", "PassimCrypto", "COpenSSL", logging],
        path: "Tests/PassimTestKit"),
]

func tests(_ target: String, _ more: Target.Dependency...) -> Target {
    .testTarget(
        name: "\(target)Tests", dependencies: [.byName(name: target), "PassimCore", "PassimTestKit"] + more)
}

let testTargets: [Target] = [
    .testTarget(name: "PassimCoreTests", dependencies: ["PassimCore", "PassimTestKit"]),
    tests("PassimSystem"),
    tests("PassimCrypto", "PassimSystem"),
    tests("PassimGLib"),
    tests("PassimConfig", "PassimSystem"),
    tests("PassimIndex"),
    tests(
        "PassimMirror", "PassimSystem", "PassimCrypto", "PassimConfig", "PassimIndex", logging),
    tests("PassimPublish", "PassimSystem", "PassimCrypto", "PassimIndex", logging),
    tests("PassimBus", "PassimSystem", "PassimGLib", logging),
    tests("PassimHTTP"),
    tests("PassimServer", "PassimSystem", "PassimCrypto", "PassimIndex", "PassimHTTP", logging),
    tests("PassimWeb", "PassimHTTP"),
    tests("PassimDiscovery", "PassimSystem", logging, "passim-bench"),
    tests("PassimFetch", "PassimSystem", "PassimCrypto", "passimd", logging),
    tests(
        "PassimDaemon", "PassimSystem", "PassimConfig", "PassimHTTP", "PassimIndex", "PassimServer",
        "PassimWeb",
        logging),
    tests("PassimLookup"),
    tests(
        "PassimSync", "PassimSystem", "PassimCrypto", "PassimConfig", "PassimGLib", "PassimMirror",
        "PassimFetch"),
    .testTarget(
        name: "CommandTests",
        dependencies: [
            "passim", "passimd", "PassimCore", "PassimSystem", "PassimConfig", "PassimMirror", "PassimBus",
            "PassimFetch", "PassimSync", "PassimTestKit", logging,
        ]),
    .testTarget(
        name: "IntegrationTests",
        dependencies: [
            "PassimCore", "PassimSystem", "PassimCrypto", "PassimSync", "PassimTestKit", "passimd", "passim",
            "passim-soak",
        ]),
]

// Tests/Fuzz is a test; for scripts/fuzz, which sets PASSIM_FUZZ, it is a program with libFuzzer in it.
let fuzzDependencies: [Target.Dependency] = [
    "PassimCore", "PassimSystem", "PassimGLib", "PassimConfig", "PassimIndex", "PassimMirror",
    "PassimPublish",
    "PassimHTTP", "PassimWeb", "PassimFetch", "PassimSync", "PassimDiscovery", "PassimBus", "PassimDaemon",
    "PassimTestKit",
]
let fuzzTargets: [Target] =
    Context.environment["PASSIM_FUZZ"] == nil
    ? [
        .testTarget(
            name: "FuzzTests", dependencies: fuzzDependencies, path: "Tests/Fuzz",
            exclude: ["CLibFuzzer", "Program", "Seeds"])
    ]
    : [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "passim-fuzz", dependencies: fuzzDependencies + ["CLibFuzzer"], path: "Tests/Fuzz",
            exclude: ["CLibFuzzer", "FuzzTests.swift", "Seeds"]),
    ]

let package = Package(
    name: "passim",
    products: [
        .executable(name: "passimd", targets: ["passimd"]),
        .executable(name: "passim", targets: ["passim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: systemLibraries + libraries + executables + tools + testTargets + fuzzTargets
)

for target in package.targets where target.type != .system {
    target.swiftSettings = strict
}
