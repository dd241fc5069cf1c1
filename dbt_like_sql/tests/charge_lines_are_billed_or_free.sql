{{ config(severity='error', meta={'grain': 'local_month'}) }}

-- What is used is free or billed, in whole or in part, and what is free costs nothing. Only a
-- maximum takes something back; parts of a prorated fee have no quantity.
select
    local_month,
    person_id,
    cost_centre,
    plan,
    usage_type,
    quantity,
    free_quantity,
    billed_quantity,
    charge
from {{ ref('charge_lines_monthly') }}
where
    quantity <> free_quantity + billed_quantity
    or free_quantity < 0
    or billed_quantity < 0
    or (charge < 0 and usage_type <> 'maximum')
    or (
        billed_quantity = 0
        and charge <> 0
        and usage_type not in ('monthly_fee', 'minimum', 'maximum')
    )
