// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target shares: language mode 6 comes from the tools version.
let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The kernels alone are compiled without overflow traps and, on x86-64, for AVX2, FMA and BMI2
/// (docs/decisions/0003); the bench's raw sums, which ours are held to, for AVX-512. No body of the
/// kernels is taken over into other targets, which would compile it without those.
#if arch(x86_64)
    let kernels: [SwiftSetting] = [
        .unsafeFlags(["-Ounchecked", "-disable-cmo", "-Xcc", "-march=x86-64-v3"])
    ]
    let wide: [SwiftSetting] = [.unsafeFlags(["-Ounchecked", "-Xcc", "-march=x86-64-v4"])]
#else
    let kernels: [SwiftSetting] = [.unsafeFlags(["-Ounchecked"])]
    let wide = kernels
#endif

/// Each room has a page for people, which is no source.
let readme = ["README.md"]

let package = Package(
    name: "pollux",
    products: [
        .executable(name: "pollux", targets: ["pollux"]),
        .executable(name: "pollux-bench", targets: ["PolluxBench"]),
        .executable(name: "pollux-bench-graph", targets: ["PolluxGraphBench"]),
        .executable(name: "pollux-bench-store", targets: ["PolluxStoreBench"]),
        .executable(name: "pollux-bench-scan", targets: ["PolluxScanBench"]),
        .executable(name: "pollux-mqtt-bench", targets: ["PolluxMQTTBench"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Row 0: system libraries.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(
            name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // Row 1
        .target(name: "PolluxModel", exclude: readme, swiftSettings: common),
        .target(name: "PolluxKernels", exclude: readme, swiftSettings: common + kernels),
        // Row 2
        .target(
            name: "PolluxCodec",
            dependencies: ["PolluxModel", "PolluxKernels", "CZstd"], exclude: readme,
            swiftSettings: common),
        .target(
            name: "PolluxKeyValue", dependencies: ["PolluxModel", "CLMDB"], exclude: readme,
            swiftSettings: common),
        // Row 3
        .target(
            name: "PolluxLanguage", dependencies: ["PolluxModel"], exclude: readme,
            swiftSettings: common),
        .target(
            name: "PolluxAnalytics", dependencies: ["PolluxModel"], exclude: readme,
            swiftSettings: common),
        // Row 4
        .target(
            name: "PolluxStore", dependencies: ["PolluxKeyValue", "PolluxCodec", "PolluxModel"],
            exclude: readme, swiftSettings: common),
        .target(
            name: "PolluxGraph", dependencies: ["PolluxKeyValue", "PolluxModel"],
            exclude: readme, swiftSettings: common),
        // Row 5
        .target(
            name: "PolluxQuery",
            dependencies: [
                "PolluxLanguage", "PolluxAnalytics", "PolluxStore", "PolluxGraph", "PolluxCodec",
                "PolluxKeyValue", "PolluxModel",
            ], exclude: readme, swiftSettings: common),
        // Row 6
        .target(
            name: "PolluxIngest",
            dependencies: [
                "PolluxStore", "PolluxGraph", "PolluxKeyValue", "PolluxModel", "CMosquitto",
            ], exclude: readme, swiftSettings: common),
        .target(
            name: "PolluxLive",
            dependencies: [
                "PolluxQuery", "PolluxAnalytics", "PolluxLanguage", "PolluxStore", "PolluxGraph",
                "PolluxKeyValue", "PolluxModel",
            ], exclude: readme, swiftSettings: common),
        // Row 7
        .target(
            name: "PolluxServer",
            dependencies: [
                "PolluxLive", "PolluxQuery", "PolluxLanguage", "PolluxIngest", "PolluxStore",
                "PolluxGraph", "PolluxModel", "CZlib", "CCrypto",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], exclude: readme, resources: [.copy("Viewer")], swiftSettings: common),
        // Row 8
        .executableTarget(
            name: "pollux",
            dependencies: [
                "PolluxServer", "PolluxLive", "PolluxIngest", "PolluxQuery", "PolluxLanguage",
                "PolluxAnalytics", "PolluxStore", "PolluxGraph", "PolluxCodec", "PolluxKernels",
                "PolluxKeyValue", "PolluxModel", "CCurl",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ], exclude: readme, swiftSettings: common),
        // Bench: the frame that workloads share, and the codec's own workload.
        .target(name: "BenchFrame", path: "bench/Frame", swiftSettings: common),
        .executableTarget(
            name: "PolluxGraphBench",
            dependencies: ["BenchFrame", "PolluxGraph", "PolluxKeyValue", "PolluxModel"],
            path: "bench/Graph", swiftSettings: common),
        .executableTarget(
            name: "PolluxStoreBench",
            dependencies: ["PolluxStore", "PolluxKeyValue", "PolluxModel", "PolluxTestKit"],
            path: "bench/Store", swiftSettings: common),
        .target(name: "BenchRaw", path: "bench/Raw", swiftSettings: common + wide),
        .executableTarget(
            name: "PolluxBench",
            dependencies: ["BenchFrame", "BenchRaw", "PolluxCodec", "PolluxTestKit"],
            path: "bench/Kernels", swiftSettings: common),
        .executableTarget(
            name: "PolluxScanBench",
            dependencies: [
                "BenchFrame", "PolluxQuery", "PolluxStore", "PolluxGraph", "PolluxKeyValue",
                "PolluxModel", "PolluxTestKit",
            ], path: "bench/Scan", swiftSettings: common),
        .executableTarget(
            name: "PolluxMQTTBench",
            dependencies: [
                "BenchFrame", "PolluxIngest", "PolluxStore", "PolluxGraph", "PolluxKeyValue",
                "PolluxTestKit",
            ], path: "bench/MQTT", swiftSettings: common),
        // Tests
        .target(name: "PolluxTestKit", path: "Tests/PolluxTestKit", swiftSettings: common),
        .testTarget(
            name: "PolluxModelTests", dependencies: ["PolluxModel", "PolluxTestKit"],
            swiftSettings: common),
        .testTarget(
            name: "PolluxCodecTests",
            dependencies: [
                "PolluxCodec", "PolluxKernels", "PolluxModel", "PolluxTestKit",
            ],
            swiftSettings: common),
        .testTarget(
            name: "PolluxKeyValueTests",
            dependencies: ["PolluxKeyValue", "PolluxModel", "PolluxTestKit"],
            swiftSettings: common),
        .testTarget(
            name: "PolluxLanguageTests",
            dependencies: ["PolluxLanguage", "PolluxModel", "PolluxTestKit"],
            swiftSettings: common),
        .testTarget(
            name: "PolluxAnalyticsTests",
            dependencies: ["PolluxAnalytics", "PolluxModel", "PolluxTestKit"], swiftSettings: common
        ),
        .testTarget(
            name: "PolluxStoreTests",
            dependencies: [
                "PolluxStore", "PolluxKeyValue", "PolluxCodec", "PolluxModel", "PolluxTestKit",
            ], swiftSettings: common),
        .testTarget(
            name: "PolluxGraphTests",
            dependencies: ["PolluxGraph", "PolluxKeyValue", "PolluxModel", "PolluxTestKit"],
            swiftSettings: common),
        .testTarget(
            name: "PolluxQueryTests",
            dependencies: [
                "PolluxQuery", "PolluxLanguage", "PolluxAnalytics", "PolluxStore", "PolluxGraph",
                "PolluxKeyValue", "PolluxModel", "PolluxTestKit",
            ], swiftSettings: common),
        .testTarget(
            name: "PolluxIngestTests",
            dependencies: [
                "PolluxIngest", "PolluxStore", "PolluxGraph", "PolluxKeyValue", "PolluxModel",
                "PolluxTestKit",
            ], swiftSettings: common),
        .testTarget(
            name: "PolluxLiveTests",
            dependencies: [
                "PolluxLive", "PolluxQuery", "PolluxLanguage", "PolluxAnalytics", "PolluxStore",
                "PolluxGraph", "PolluxKeyValue", "PolluxModel", "PolluxTestKit",
            ], swiftSettings: common),
        .testTarget(
            name: "PolluxServerTests",
            dependencies: [
                "PolluxServer", "PolluxLive", "PolluxIngest", "PolluxQuery", "PolluxStore",
                "PolluxGraph", "PolluxKeyValue", "PolluxLanguage", "PolluxModel", "PolluxTestKit",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ], swiftSettings: common),
        .testTarget(
            name: "HouseRulesTests", dependencies: ["PolluxTestKit"], swiftSettings: common),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "PolluxIngest", "PolluxTestKit", "PolluxServer", "PolluxQuery", "PolluxLanguage",
                "pollux",
            ],
            swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
