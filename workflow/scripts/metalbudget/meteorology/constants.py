"""Physical constants of the boundary layer and of plumes."""

GRAVITY = 9.80665  # m s⁻², standard
VON_KARMAN = 0.4
STEFAN_BOLTZMANN = 5.670374e-8  # W m⁻² K⁻⁴, CODATA
GAS_CONSTANT_DRY_AIR = 287.05  # J kg⁻¹ K⁻¹
HEAT_CAPACITY_AIR = 1004.0  # J kg⁻¹ K⁻¹
KELVIN = 273.15
SECONDS_PER_HOUR = 3600.0
