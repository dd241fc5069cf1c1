{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with people as (

    select * from {{ ref('int_people_planned') }}

),

offers as (

    select * from {{ source('inputs', 'offers') }}
    where usage_type = 'monthly_fee'

),

tiers as (

    select * from {{ source('inputs', 'rate_tiers') }}

),

taxes as (

    select * from {{ source('inputs', 'taxes') }}
    where usage_type = 'monthly_fee'

),

-- What every day of a person under a plan with a fee would cost if it were a month.
days as (

    select
        people.*,
        offers.rate_id,
        tiers.price as cost,
        cast(
            cast(tiers.price * tiers.markup_factor as decimal(26, 10)) + tiers.markup_fixed
            as decimal(27, 10)
        ) as charge,
        coalesce(taxes.tax_percent, cast(0 as decimal(6, 2))) as tax_percent,
        row_number() over (
            partition by people.local_month, people.person_id, people.plan
            order by people.local_date desc
        ) as place
    from people
    inner join offers
        on
            people.plan = offers.plan
            and (offers.valid_from is null or people.local_date >= offers.valid_from)
            and (offers.valid_to is null or people.local_date < offers.valid_to)
    inner join tiers on offers.rate_id = tiers.rate_id
    left join taxes
        on
            people.site = taxes.site
            and (taxes.valid_from is null or people.local_date >= taxes.valid_from)
            and (taxes.valid_to is null or people.local_date < taxes.valid_to)

),

due as (

    select
        local_month,
        legal_entity,
        person_id,
        max(name) as name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        tax_percent,
        rate_id,
        cost,
        charge,
        days_of_month,
        max(case when place = 1 then 1 else 0 end) as uses,
        case when bool_or(is_prorated) then count(*) else max(days_of_month) end as days_due
    from days
    where is_prorated or place = 1
    group by
        local_month,
        legal_entity,
        person_id,
        site,
        department,
        cost_centre,
        plan,
        holder,
        tax_percent,
        rate_id,
        cost,
        charge,
        days_of_month

),

-- Whole numbers of 10^-12, because a division of DECIMAL is no DECIMAL.
final as (

    select
        local_month,
        legal_entity,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        'monthly_fee' as usage_type,
        tax_percent,
        rate_id,
        cast(1 as bigint) as tier,
        cast(uses as bigint) as uses,
        cast(uses as decimal(38, 6)) as quantity,
        cast(
            case when cost = 0 and charge = 0 then uses else 0 end as decimal(38, 6)
        ) as free_quantity,
        cast(
            cast(
                (
                    2 * cast(cost * cast(1000000 as decimal(7, 0)) as hugeint)
                    * 1000000 * days_due
                    + days_of_month
                )
                // (2 * days_of_month)
                as decimal(26, 0)
            ) * cast(0.000000000001 as decimal(12, 12)) as decimal(38, 12)
        ) as cost,
        cast(
            cast(
                (
                    2 * cast(charge * cast(10000000000 as decimal(11, 0)) as hugeint)
                    * 100 * days_due
                    + days_of_month
                )
                // (2 * days_of_month)
                as decimal(26, 0)
            ) * cast(0.000000000001 as decimal(12, 12)) as decimal(38, 16)
        ) as charge,
        cast(null as timestamp with time zone) as last_sent_at
    from due

)

select * from final
