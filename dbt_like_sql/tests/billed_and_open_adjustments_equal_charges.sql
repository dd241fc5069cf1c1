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
        usage_type,
        uses,
        quantity,
        cost,
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
        usage_type,
        uses,
        quantity,
        cost,
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
        usage_type,
        cast(-uses as bigint) as uses,
        cast(-quantity as decimal(38, 6)) as quantity,
        cast(-cost as decimal(38, 12)) as cost,
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
    usage_type,
    sum(uses) as uses,
    sum(quantity) as quantity,
    sum(cost) as cost,
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
    usage_type
having sum(uses) <> 0 or sum(quantity) <> 0 or sum(cost) <> 0 or sum(charge) <> 0
