import ArgumentParser

@main
struct Pollux: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pollux", abstract: "A time-series database for digital twins.")
}
