{{ config(severity='error', meta={'grain': 'local_month'}) }}

with amounts as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        department,
        site,
        plan,
        usage_type,
        tax_percent,
        uses,
        quantity,
        free_quantity,
        cost,
        unrounded_charge,
        charge
    from {{ ref('open_adjustments') }}
    union all
    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        department,
        site,
        plan,
        usage_type,
        tax_percent,
        uses,
        quantity,
        free_quantity,
        cost,
        unrounded_charge,
        charge
    from {{ ref('billed_lines_monthly') }}
    union all
    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        department,
        site,
        plan,
        usage_type,
        tax_percent,
        cast(-uses as bigint) as uses,
        cast(-quantity as decimal(38, 6)) as quantity,
        cast(-free_quantity as decimal(38, 6)) as free_quantity,
        cast(-cost as decimal(38, 12)) as cost,
        cast(-unrounded_charge as decimal(38, 12)) as unrounded_charge,
        cast(-charge as decimal(18, 3)) as charge
    from {{ ref('charge_lines_monthly') }}

)

select
    local_month,
    legal_entity,
    currency,
    cost_centre,
    person_id,
    department,
    site,
    plan,
    usage_type,
    tax_percent,
    sum(uses) as uses,
    sum(quantity) as quantity,
    sum(free_quantity) as free_quantity,
    sum(cost) as cost,
    sum(unrounded_charge) as unrounded_charge,
    sum(charge) as charge
from amounts
group by
    local_month,
    legal_entity,
    currency,
    cost_centre,
    person_id,
    department,
    site,
    plan,
    usage_type,
    tax_percent
having
    sum(uses) <> 0
    or sum(quantity) <> 0
    or sum(free_quantity) <> 0
    or sum(cost) <> 0
    or sum(unrounded_charge) <> 0
    or sum(charge) <> 0
