import Glibc

/// The logarithm to the base ten, so that only this file and the models import the C library.
func decimalLogarithm(_ value: Double) -> Double { log10(value) }

/// The natural logarithm.
func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// e to the power of a value.
func exponential(_ value: Double) -> Double { exp(value) }

/// A value to a power.
func raise(_ value: Double, to power: Double) -> Double { pow(value, power) }
