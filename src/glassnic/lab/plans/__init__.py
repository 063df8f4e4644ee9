"""What must hold for a real guest? One small file a plan: its docstring's first sentence is the promise, `run(lab)`
puts it to the test. `PLANS` is the table; a new plan is a new file and one name in the tuple.
"""

from __future__ import annotations

from glassnic.lab.plan import Plan
from glassnic.lab.plans import churn, ethtool, files, flood, ipxe, jumbo, mixed, multicast, smoke, vlan

PLANS = {
    plan.name: plan for plan in map(Plan.of, (smoke, mixed, ethtool, vlan, jumbo, files, multicast, flood, churn, ipxe))
}
